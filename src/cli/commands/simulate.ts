import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { SimulateFlags } from "../run/run-simulator.ts";

/** `otc-etl simulate`. */
export function simulateCommand(context: CliContext): Command {
  const command = new Command("simulate")
    .description("Serve the three views of an invented service desk, as OTC does, until interrupted.")
    .option("--port <port>", "port to listen on; 0 takes any free port", "8081")
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--seed <number>", "each number makes a different service desk", "1")
    .option(
      "--scale <scale>",
      "small, production, a number of tickets, or a multiple of production such as 10x",
      "small",
    )
    .option(
      "--day <number>",
      "how many days have passed: tickets change, comments and timesheets are added",
      "0",
    )
    .option("--flaws <number>", "how many records of each view have a value that cannot be loaded", "0")
    .option("--corrections", "correct keys, delete and merge records, and let some be away for days", false)
    .action(async (flags: SimulateFlags) => {
      const { runSimulator } = await import("../run/run-simulator.ts");
      await runSimulator(flags, context);
    });
  return withExamples(command, [
    ["otc-etl simulate", "serve a small service desk on port 8081"],
    ["otc-etl simulate --scale production", "as many records as the real one, streamed"],
    ["otc-etl simulate --day 1", "the next day of the same service desk"],
  ]);
}
