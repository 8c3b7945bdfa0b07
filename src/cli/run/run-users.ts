import type { Command } from "commander";
import type { Logger } from "pino";
import type { Database } from "../../database/database.ts";
import {
  readUserConflicts,
  readUsers,
  refreshUsers,
  setUser,
  unsetUser,
  type User,
} from "../../users/user-lookup.ts";
import type { CliContext } from "../cli-context.ts";
import { formatTime } from "../../format/format.ts";
import { withSession } from "../session.ts";
import { renderTable } from "../render/table.ts";

/** `otc-etl users`. */
export function listUsers(command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database }) => {
    const users = await readUsers(database);
    writeList(users, command, context, () =>
      users.length === 0
        ? "No user is known yet: loads of timesheets and comments add users.\n"
        : renderTable(
            [{ title: "username" }, { title: "full name" }, { title: "source" }, { title: "since" }],
            users.map((user) => [user.username, user.fullName, user.source, formatTime(user.updatedAt)]),
          ),
    );
  });
}

/** `otc-etl users conflicts`. */
export function listUserConflicts(command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database }) => {
    const conflicts = await readUserConflicts(database);
    writeList(conflicts, command, context, () =>
      conflicts.length === 0
        ? "No conflicts: every name belongs to one person.\n"
        : renderTable(
            [{ title: "kind" }, { title: "name" }, { title: "candidates" }, { title: "chosen" }],
            conflicts.map(({ kind, name, candidates, chosen }) => [
              kind,
              name,
              candidates.join(", "),
              chosen ?? "-",
            ]),
          ),
    );
  });
}

/** `otc-etl users set`. */
export function setUserManually(
  user: Pick<User, "username" | "fullName">,
  command: Command,
  context: CliContext,
): Promise<void> {
  return withUsers(command, context, async ({ database, log }) => {
    await setUser(database, user);
    log.info(user, "manual entry saved");
  });
}

/** `otc-etl users unset`. */
export function unsetUserManually(username: string, command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database, log }) => {
    await database.transaction(async (transaction) => {
      await unsetUser(transaction, username);
      await refreshUsers(transaction);
    }, context.signal);
    log.info({ username }, "manual entry removed");
  });
}

/** `otc-etl users refresh`. */
export function refreshUserList(command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database, log }) => {
    const changed = await refreshUsers(database);
    log.info({ changed }, "users are up to date");
  });
}

function withUsers(
  command: Command,
  context: CliContext,
  work: (opened: { readonly database: Database; readonly log: Logger }) => Promise<void>,
): Promise<void> {
  return withSession(command, context, async ({ loader, log }) => {
    const database = await loader.migratedDatabase();
    await work({ database, log });
  });
}

/** One JSON object per line, or what `render` returns. */
function writeList(
  rows: readonly object[],
  command: Command,
  { stdout }: CliContext,
  render: () => string,
): void {
  if (command.optsWithGlobals<{ json: boolean }>().json) {
    for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`);
  } else {
    stdout.write(render());
  }
}
