import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { onTestFinished } from "vitest";
import type { FaultyDatabase } from "./database-fault.ts";

/**
 * A role of the test's own, and what otc-etl reads to connect as it. It goes before the database does.
 *
 * @param grants statements for the role otc_etl, or otc_web, whose name it takes
 */
export async function roleOn(
  database: FaultyDatabase,
  options: string,
  grants: string,
): Promise<{ readonly name: string; readonly env: Readonly<Record<string, string>> }> {
  const name = `role_${randomBytes(8).toString("hex")}`;
  await database.sql(`create role ${name} login password 'secret of the test' ${options}`);
  onTestFinished(async () => {
    await database.sql(`drop owned by ${name}; drop role ${name}`);
  });
  await database.sql(grants.replaceAll(/\botc_(etl|web)\b/g, name));
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret of the test";
  return { name, env: { OTC_DATABASE_URL: url.href } };
}

/** The statements that docs/operations.md lists for the role that only loads. */
export function rightsOfLoader(): Promise<string> {
  return documentedRights("operations.md", "Rights");
}

/** The statements that docs/status-page.md lists for the role that reads the pages. */
export function rightsOfPages(): Promise<string> {
  return documentedRights("status-page.md", "A role of its own");
}

async function documentedRights(page: string, heading: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const [, section] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
  const [, sql] = /```sql\n([^]*?)```/.exec(section ?? "") ?? [];
  if (sql === undefined) throw new Error(`docs/${page} has no statements under ${heading}.`);
  return sql;
}
