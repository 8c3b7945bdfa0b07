// npm run soak: see docs/reliability.md.
import { buildWhenStale } from "../test/support/build-when-stale.ts";
import { killLoads } from "./kill-loads.ts";
import { readOptions, USAGE } from "./options.ts";
import { drawSoak } from "./report/draw-soak.ts";
import { renderKills } from "./report/render-kills.ts";
import { renderRounds } from "./report/render-rounds.ts";
import { writeResult } from "./report/write-result.ts";
import { runRounds } from "./run-rounds.ts";
import { withSoakServer } from "./with-soak-server.ts";

const options = readOptions(process.argv.slice(2));
if (options.help) {
  process.stdout.write(USAGE);
} else {
  const startedAt = performance.now();
  const log = (line: string): void => {
    process.stderr.write(`[${((performance.now() - startedAt) / 1000).toFixed(0)} s] ${line}\n`);
  };
  buildWhenStale();
  log(`seed ${options.seed}; --seed ${options.seed} repeats the draws`);
  const { problems, text, file } = await withSoakServer(options.major, async (place, env) => {
    const { minutes = 0, kills } = options;
    if (kills !== undefined) {
      const result = await killLoads(place, env, { ...options, kills }, log);
      const text = renderKills(options, result);
      return { ...result, text, file: await writeResult("kills", options, { ...result }) };
    }
    const result = await runRounds(place, env, { ...options, minutes }, log);
    const file = await writeResult("rounds", options, { ...result }, drawSoak(result));
    return { ...result, text: renderRounds(options, result), file };
  });
  process.stdout.write(`${text}Written to ${file}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
