import { Command, Help, Option } from "commander";
import { packageVersion } from "../config/package-version.ts";
import type { CliContext } from "./cli-context.ts";
import { completionCommand } from "./commands/completion.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { importCommand } from "./commands/import.ts";
import { loadCommand } from "./commands/load.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { missingCommand } from "./commands/missing.ts";
import { planCommand } from "./commands/plan.ts";
import { pruneCommand } from "./commands/prune.ts";
import { rejectsCommand } from "./commands/rejects.ts";
import { replayCommand } from "./commands/replay.ts";
import { serveCommand } from "./commands/serve.ts";
import { settingsCommand } from "./commands/settings.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { statusCommand } from "./commands/status.ts";
import { usersCommand } from "./commands/users.ts";
import { workerCommand } from "./commands/worker.ts";
import { withExamples } from "./options/examples.ts";
import { addGlobalOptions } from "./options/global-options.ts";
import { ParseError } from "./parse-error.ts";

/** Every command, in the order of the help. A command imports its implementation only when it runs. */
const COMMANDS: readonly ((context: CliContext) => Command)[] = [
  loadCommand,
  planCommand,
  importCommand,
  replayCommand,
  rejectsCommand,
  missingCommand,
  pruneCommand,
  migrateCommand,
  workerCommand,
  statusCommand,
  serveCommand,
  usersCommand,
  doctorCommand,
  settingsCommand,
  simulateCommand,
  demoCommand,
  completionCommand,
];

/** The command line. It throws a ParseError where commander would exit the process. */
export function buildProgram(context: CliContext): Command {
  const program = new Command("otc-etl")
    .description(
      "Loads the OTC service-desk views into PostgreSQL: all or nothing, every record accounted for.",
    )
    .version(packageVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show help, also for each command");
  addGlobalOptions(program);
  for (const build of COMMANDS) program.addCommand(build(context));
  withExamples(program, [
    ["otc-etl demo", "try it, without a server or settings"],
    ["otc-etl doctor", "check the configuration"],
    ["otc-etl migrate", "create the tables"],
    ["otc-etl load", "load all views"],
    ["otc-etl plan", "what would a load do?"],
    ["otc-etl worker", "load all views every night"],
    ["otc-etl status", "how fresh is the data?"],
  ]);
  for (const command of withSubcommands(program)) {
    command
      .exitOverride((error) => {
        throw new ParseError(error, command);
      })
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
        // Errors are reported in one place, with those of the commands.
        outputError: () => undefined,
      })
      .configureHelp({
        showGlobalOptions: true,
        optionDescription(option) {
          const shown = new Option(option.flags, option.description);
          if (option.argChoices !== undefined) shown.choices(option.argChoices);
          // That a switch is off unless it is given needs no words.
          if (typeof option.defaultValue === "string")
            shown.default(option.defaultValue, option.defaultValue);
          return Help.prototype.optionDescription.call(this, shown);
        },
      })
      .showSuggestionAfterError();
  }
  return program;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
