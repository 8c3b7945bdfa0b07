// npm run bench: see docs/performance.md.
import { readOptions, USAGE } from "./options.ts";
import { renderResult } from "./report/render-result.ts";
import { writeResults } from "./report/write-results.ts";
import { runBench } from "./run-bench.ts";

const options = readOptions(process.argv.slice(2));
if (options.help) {
  process.stdout.write(USAGE);
} else {
  const startedAt = performance.now();
  const results = await runBench(
    options,
    (line) => process.stderr.write(`[${((performance.now() - startedAt) / 1000).toFixed(0)} s] ${line}\n`),
    (result) => process.stdout.write(`\n${renderResult(result)}\n`),
  );
  if (options.scaleText !== "production") {
    process.stdout.write("The targets are for production size; at another scale they tell little.\n");
  }
  process.stdout.write(`Written to ${await writeResults(options, results)}\n`);
}
