import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadByCli, type LoadTarget } from "../processes/load-by-cli.ts";
import { bundledSources } from "../report/bundled-source.ts";
import { type CpuPlace, cpuPlaces } from "../report/cpu-places.ts";

/** Loads a view once more, unmeasured, and tells where the loader's process spent its time. */
export async function profileLoad(view: string, target: LoadTarget): Promise<readonly CpuPlace[]> {
  const folder = await mkdtemp(join(tmpdir(), "otc-etl-bench-profile-"));
  try {
    await loadByCli(view, target, {}, { nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${folder}`] });
    const [file = ""] = await readdir(folder);
    return cpuPlaces(
      JSON.parse(await readFile(join(folder, file), "utf8")) as Parameters<typeof cpuPlaces>[0],
      bundledSources(),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
