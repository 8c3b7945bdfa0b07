import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";

/** `otc-etl users`. */
export function usersCommand(context: CliContext): Command {
  const command = new Command("users")
    .description("List the full name of each user name and its source; resolve conflicts between records.")
    .option("--json", "one JSON object per user or conflict on stdout", false)
    .action(async (_flags: unknown, self: Command) => {
      const { listUsers } = await import("../run/run-users.ts");
      await listUsers(self, context);
    });
  const conflicts = command
    .command("conflicts")
    .description("List the names on which records disagree and for which there is no manual entry.")
    .action(async (_flags: unknown, self: Command) => {
      const { listUserConflicts } = await import("../run/run-users.ts");
      await listUserConflicts(self, context);
    });
  const set = command
    .command("set")
    .description("Set the full name of a user name manually; no load changes it.")
    .argument("<username>", "as in timesheets and comments")
    .argument("<full-name>", "as in tickets, in quotation marks")
    .action(async (username: string, fullName: string, _flags: unknown, self: Command) => {
      const { setUserManually } = await import("../run/run-users.ts");
      await setUserManually({ username, fullName }, self, context);
    });
  const unset = command
    .command("unset")
    .description("Remove a manual entry; the full name comes from the records again, if they have it.")
    .argument("<username>", "as given to `users set`")
    .action(async (username: string, _flags: unknown, self: Command) => {
      const { unsetUserManually } = await import("../run/run-users.ts");
      await unsetUserManually(username, self, context);
    });
  const refresh = command
    .command("refresh")
    .description("Refresh the user lookup, as every load does.")
    .action(async (_flags: unknown, self: Command) => {
      const { refreshUserList } = await import("../run/run-users.ts");
      await refreshUserList(self, context);
    });
  withExamples(conflicts, [["otc-etl users conflicts", "which names need a manual entry?"]]);
  withExamples(set, [['otc-etl users set ahofer "Anna Hofer"', "make a manual entry"]]);
  withExamples(unset, [["otc-etl users unset ahofer", "let the records decide"]]);
  withExamples(refresh, [["otc-etl users refresh", "after timesheets were changed by hand"]]);
  return withExamples(command, [
    ["otc-etl users", "who is who, and where is that known from?"],
    ["otc-etl users conflicts", "which names need a manual entry?"],
    ['otc-etl users set ahofer "Anna Hofer"', "make a manual entry, which always wins"],
    ["otc-etl users unset ahofer", "let the records decide"],
    ["otc-etl users --json | jq -r .fullName", "for scripts"],
  ]);
}
