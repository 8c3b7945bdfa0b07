import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";

/** `otc-etl users`. */
export function usersCommand(context: CliContext): Command {
  const command = new Command("users")
    .description("List whom each user name stands for, and how we know; decide where records disagree.")
    .option("--json", "one JSON object a user or conflict on stdout", false)
    .action(async (_flags: unknown, self: Command) => {
      const { listUsers } = await import("../run/run-users.ts");
      await listUsers(self, context);
    });
  const conflicts = command
    .command("conflicts")
    .description("List the names that records do not agree on, and nobody has decided.")
    .action(async (_flags: unknown, self: Command) => {
      const { listUserConflicts } = await import("../run/run-users.ts");
      await listUserConflicts(self, context);
    });
  const set = command
    .command("set")
    .description("Decide whom a user name stands for; no load changes that.")
    .argument("<username>", "as timesheets and comments have it")
    .argument("<full-name>", "as tickets have it, in quotation marks")
    .action(async (username: string, fullName: string, _flags: unknown, self: Command) => {
      const { decideUser } = await import("../run/run-users.ts");
      await decideUser({ username, fullName }, self, context);
    });
  const unset = command
    .command("unset")
    .description("Take such a decision back: the user is again whom the records say, if they do.")
    .argument("<username>", "as `users set` was given it")
    .action(async (username: string, _flags: unknown, self: Command) => {
      const { undecideUser } = await import("../run/run-users.ts");
      await undecideUser(username, self, context);
    });
  const refresh = command
    .command("refresh")
    .description("Find out anew who is who, as every load does.")
    .action(async (_flags: unknown, self: Command) => {
      const { refreshUserList } = await import("../run/run-users.ts");
      await refreshUserList(self, context);
    });
  withExamples(conflicts, [["otc-etl users conflicts", "which names need a decision?"]]);
  withExamples(set, [['otc-etl users set ahofer "Anna Hofer"', "and nobody else"]]);
  withExamples(unset, [["otc-etl users unset ahofer", "let the records decide"]]);
  withExamples(refresh, [["otc-etl users refresh", "after timesheets were changed by hand"]]);
  return withExamples(command, [
    ["otc-etl users", "who is who, and how do we know?"],
    ["otc-etl users conflicts", "which names need a decision?"],
    ['otc-etl users set ahofer "Anna Hofer"', "decide; manual entries always win"],
    ["otc-etl users unset ahofer", "let the records decide"],
    ["otc-etl users --json | jq -r .fullName", "for scripts"],
  ]);
}
