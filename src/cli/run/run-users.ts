import type { Command } from "commander";
import type { Database } from "../../database/database.ts";
import {
  readUserConflicts,
  readUsers,
  refreshUsers,
  setUser,
  unsetUser,
  type User,
  type UserConflict,
} from "../../users/user-lookup.ts";
import type { CliContext } from "../cli-context.ts";
import { type Session, withSession } from "../session.ts";
import { type Column, renderTable } from "../render/table.ts";

const USER_COLUMNS: readonly Column<User>[] = [
  { title: "username", shrinksTo: 12, cell: ({ username }) => username },
  { title: "full name", shrinksTo: 12, cell: ({ fullName }) => fullName },
  { title: "source", cell: ({ source }) => source },
  { title: "since", cell: ({ updatedAt }) => updatedAt },
];

const CONFLICT_COLUMNS: readonly Column<UserConflict>[] = [
  { title: "kind", cell: ({ kind }) => kind },
  { title: "name", shrinksTo: 12, cell: ({ name }) => name },
  { title: "candidates", shrinksTo: 20, cell: ({ candidates }) => candidates.join(", ") },
  { title: "chosen", shrinksTo: 12, cell: ({ chosen }) => chosen },
];

/** `otc-etl users`. */
export function listUsers(command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database, layout }) => {
    const users = await readUsers(database);
    writeList(users, command, context, () =>
      users.length === 0
        ? "No user is known yet: loads of timesheets and comments add users.\n"
        : renderTable(USER_COLUMNS, users, layout),
    );
  });
}

/** `otc-etl users conflicts`. */
export function listUserConflicts(command: Command, context: CliContext): Promise<void> {
  return withUsers(command, context, async ({ database, layout }) => {
    const conflicts = await readUserConflicts(database);
    writeList(conflicts, command, context, () =>
      conflicts.length === 0
        ? "No conflicts: every name belongs to one person.\n"
        : renderTable(CONFLICT_COLUMNS, conflicts, layout),
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
  work: (opened: Pick<Session, "log" | "layout"> & { readonly database: Database }) => Promise<void>,
): Promise<void> {
  return withSession(command, context, async ({ loader, log, layout }) => {
    const database = await loader.migratedDatabase();
    await work({ database, log, layout });
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
