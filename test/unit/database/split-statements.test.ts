import { expect, test } from "vitest";
import { readMigrations } from "../../../src/database/migrations/migration-files.ts";
import { splitStatements } from "../../../src/database/migrations/split-statements.ts";

test("a script ends where its semicolons end statements, and nowhere else", () => {
  const statements = [
    `-- One; two.\ncreate table "a;b" (c text default 'it''s; so', d int default case when true then 1 else 2 end);`,
    `/* a; b */ do $block$ begin perform $$ ; $$; end $block$;`,
    `create function f() returns int language sql\nbegin atomic\n  select case when true then 1 end;\n  select 2;\nend;`,
    `comment on function f() is 'The end; of it';`,
    `select 1`,
  ];
  expect(splitStatements(`\n${statements.join("\n\n")}\n-- Nothing.`)).toEqual([
    ...statements.slice(0, -1),
    "select 1\n-- Nothing.",
  ]);
});

test("every statement of a migration begins with a command", () => {
  for (const { name, sql } of readMigrations()) {
    for (const statement of splitStatements(sql)) {
      expect(statement.replaceAll(/^\s*--.*$/gm, "").trim(), name).toMatch(
        /^(alter|analyze|call|comment|create|delete|do|drop|grant|insert|revoke|select|truncate|update|with)\s/,
      );
    }
  }
});
