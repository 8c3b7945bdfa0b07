import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { DoctorFlags } from "../run/run-doctor.ts";

/** `otc-etl doctor`. */
export function doctorCommand(context: CliContext): Command {
  const command = new Command("doctor")
    .description("Check configuration, database, API, clock and disk; one line each, with the remedy.")
    .option("--alert", "also send a message to OTC_ALERT_WEBHOOK, for a trial", false)
    .option("--json", "one JSON object a check on stdout", false)
    .action(async (flags: DoctorFlags, self: Command) => {
      const { runDoctor } = await import("../run/run-doctor.ts");
      process.exitCode = await runDoctor(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl doctor", "is everything there for a load?"],
    ["otc-etl doctor --alert", "and does an alert arrive?"],
    ["otc-etl doctor --json | jq 'select(.state != \"ok\")'", "only what is wrong"],
  ]);
}
