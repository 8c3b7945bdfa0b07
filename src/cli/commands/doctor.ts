import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { DoctorFlags } from "../run/run-doctor.ts";

/** `otc-etl doctor`. */
export function doctorCommand(context: CliContext): Command {
  const command = new Command("doctor")
    .description("Check configuration, database, API, clock and disk: one line per check, with the remedy.")
    .option("--alert", "also send a test message to OTC_ALERT_WEBHOOK and OTC_ALERT_MAIL_TO", false)
    .option("--json", "one JSON object per check on stdout", false)
    .action(async (flags: DoctorFlags, self: Command) => {
      const { runDoctor } = await import("../run/run-doctor.ts");
      process.exitCode = await runDoctor(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl doctor", "is everything ready for a load?"],
    ["otc-etl doctor --alert", "and does a test message arrive?"],
    ["otc-etl doctor --json | jq 'select(.state != \"ok\")'", "only the checks that are not ok"],
  ]);
}
