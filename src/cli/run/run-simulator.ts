import { once } from "node:events";
import { viewIdVariable } from "../../config/settings.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { SIMULATED_VIEWS } from "../../simulator/document.ts";
import { parseScale } from "../../simulator/scale.ts";
import { startSimulator } from "../../simulator/server.ts";
import type { CliContext } from "../cli-context.ts";
import { requireWholeNumber } from "../options/whole-number.ts";

export interface SimulateFlags {
  readonly port: string;
  readonly host: string;
  readonly seed: string;
  readonly scale: string;
  readonly day: string;
  readonly flaws: string;
  readonly corrections: boolean;
}

/** Serves until the process is told to stop. */
export async function runSimulator(flags: SimulateFlags, { env, stdout, signal }: CliContext): Promise<void> {
  const scale = parseScale(flags.scale);
  if (scale === undefined) {
    throw new OtcError("usage", `--scale is "${flags.scale}".`, {
      remedy: "Give small, production, a number of tickets, or a multiple of production such as 10x.",
    });
  }
  const [username, password] = [env["OTC_API_USERNAME"], env["OTC_API_PASSWORD"]];
  const simulator = await startSimulator({
    port: requireWholeNumber("--port", flags.port, 65_535),
    host: flags.host,
    seed: requireWholeNumber("--seed", flags.seed, 2 ** 31 - 1),
    scale,
    day: requireWholeNumber("--day", flags.day, 36_500),
    flaws: requireWholeNumber("--flaws", flags.flaws, 1_000_000),
    corrections: flags.corrections,
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  }).catch((error: unknown) => {
    throw new OtcError(
      "source",
      `The simulator cannot listen on ${flags.host}:${flags.port}: ${String(error)}.`,
      {
        remedy: "Give another --port; 0 takes any that is free.",
        cause: error,
      },
    );
  });
  stdout.write(
    [
      `Serving ${Object.entries(scale)
        .map(([view, records]) => `${records} ${view}`)
        .join(", ")}; Ctrl-C ends it. In another terminal:`,
      "",
      `export OTC_API_URL=${simulator.url}`,
      ...(username === undefined || password === undefined
        ? ["export OTC_API_USERNAME=anyone OTC_API_PASSWORD=anything"]
        : ["# with OTC_API_USERNAME and OTC_API_PASSWORD as they are set here"]),
      `export ${SIMULATED_VIEWS.map((view) => `${viewIdVariable(view)}=${view}`).join(" ")}`,
      "export OTC_REQUEST_INTERVAL_MS=0 OTC_VIEW_GAP_MS=0",
      "otc-etl load --migrate",
      "",
    ].join("\n"),
  );
  try {
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await simulator.close();
  }
}
