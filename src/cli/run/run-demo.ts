import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { openDemoDesk } from "../../demo/demo-desk.ts";
import { shellArgument } from "../../format/shell-argument.ts";
import { readStatus } from "../../runs/health/read-status.ts";
import { parseScale } from "../../simulator/scale.ts";
import type { CliContext } from "../cli-context.ts";
import { dataDirectory, globalOptions } from "../options/global-options.ts";
import { createLogger } from "../logger.ts";
import { layoutOf } from "../render/layout.ts";
import { createProgressLine } from "../render/progress-line.ts";
import { renderFreshness } from "../render/render-status.ts";
import { renderOutcomes } from "../render/render-outcomes.ts";
import { migrate } from "../../loader/migrate.ts";

/** In the directory of the embedded database. It is deleted at each start, so it must not be one that holds real data. */
const FOLDER = "demo";

/** Records of each view that cannot be loaded, to show how the quarantine works. */
const FLAWS = 2;

/** @returns the exit code: 0 when both loads were committed */
export async function runDemo(command: Command, context: CliContext): Promise<number> {
  const scale = parseScale("small");
  if (scale === undefined) throw new Error("The simulator has no scale called small.");
  const options = globalOptions(command);
  const layout = layoutOf(context, options);
  const progress = await createProgressLine(context, options, () => undefined);
  const log = createLogger(context, { ...options, quiet: !options.verbose }, progress).child(
    {},
    { level: options.verbose ? "debug" : "fatal" },
  );
  const say = (text: string): void => {
    progress.stop();
    context.stdout.write(text);
  };

  const directory = join(dataDirectory(context.env, options), FOLDER);
  await rm(directory, { recursive: true, force: true });
  const desk = await openDemoDesk({
    directory,
    scale,
    flaws: FLAWS,
    log,
    signal: context.signal,
    onProgress: (state) => {
      progress.show(state);
    },
  });
  try {
    say(
      `A simulated OTC serves ${scale.tickets} tickets, ${scale.comments} comments and ${scale.timesheets} timesheets.\n`,
    );
    say("Preparing the embedded database (PostgreSQL in this process, no server) …\n");
    await migrate(desk.loader, context.signal);
    const database = await desk.loader.database();

    const first = await desk.night();
    say(
      `\nThe first night: all records are inserted, except ${FLAWS} of each view that cannot be loaded.\n` +
        `These are kept in quarantine (etl_rejects), and the status of the load is "partial".\n\n${renderOutcomes(first, layout)}`,
    );

    desk.simulator.setDay(1);
    const second = await desk.night();
    say(
      `\nA day later: only new and changed records are written, the others are skipped.\n\n` +
        renderOutcomes(second, layout),
    );

    say(
      `\nThe freshness of each view:\n\n${renderFreshness(await readStatus(database, desk.views, 0), layout)}`,
    );
    say(nextSteps(directory));
    return [...first, ...second].some((outcome) => outcome.status === "failed") ? 1 : 0;
  } finally {
    progress.stop();
    await desk.close();
  }
}

function nextSteps(directory: string): string {
  const option = `--data-dir ${shellArgument(directory)}`;
  const line = (command: string, what: string): string => `  npx otc-etl ${command.padEnd(34)}  ${what}`;
  return `
Try next:

${line("demo --serve", "the status page, with ninety nights of loads")}
${line(`serve ${option}`, "the status page of these two nights")}
${line(`status ${option}`, "the runs on record")}
${line("simulate", "the simulated OTC, for your own loads")}
${line("doctor", "what is missing for a load of the real OTC")}
${line("load --help", "all options of a load")}

To load the real OTC into your PostgreSQL, copy .env.example to .env and fill it in.
`;
}
