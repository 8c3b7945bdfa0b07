import { fork } from "node:child_process";
import { once } from "node:events";
import type { Sample } from "../measure/sample.ts";
import type { ChildJobs } from "./child-jobs.ts";

/**
 * Has a script of `children/` do one job in a process that does nothing else.
 *
 * @throws Error when it fails; it has said why on stderr
 */
export async function runChild<Script extends keyof ChildJobs>(
  script: Script,
  job: ChildJobs[Script],
): Promise<Sample> {
  const child = fork(new URL(`../children/${script}.ts`, import.meta.url), { stdio: "inherit" });
  let sample: Sample | undefined;
  child.on("message", (message) => (sample = message as Sample));
  child.send(job);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0 || sample === undefined) throw new Error(`${script} ended with ${code ?? "a signal"}.`);
  return sample;
}
