import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { qualifiedName } from "../../../src/database/identifier.ts";
import comments from "../../../src/views/definitions/comments.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, many } from "../../support/sample-records.ts";

/** Enough rows for the indexes to be worth dropping, and enough bytes for the table to be filled directly. */
const ROWS = 2000;
const document = many(ROWS, (number) => comment(number, { "TKTCT-Comment": "x".repeat(3000) }));

/** All that the catalogue says of the indexes of a table and of its partitions, but for their files. */
function properties(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    `select index.relname, pg_get_indexdef(index.oid) as definition, index.relkind, index.reloptions,
       tablespace.spcname, conname, pg_get_constraintdef(c.oid) as constraint_definition,
       indisprimary, indisclustered, indisreplident, indisvalid,
       obj_description(index.oid, 'pg_class') as comment, obj_description(c.oid, 'pg_constraint') as constraint_comment,
       array(
         select coalesce(attstattarget, -1) from pg_attribute where attrelid = index.oid order by attnum
       ) as statistics,
       array(
         select refobjid::text from pg_depend where objid = index.oid and refclassid = 'pg_extension'::regclass
       ) as extensions
     from pg_index i
     join pg_class index on index.oid = i.indexrelid
     left join pg_constraint c on c.conindid = index.oid and c.conrelid = i.indrelid
     left join pg_tablespace tablespace on tablespace.oid = index.reltablespace
     where i.indrelid = $1::text::regclass
       or i.indrelid in (select inhrelid from pg_inherits where inhparent = $1::text::regclass)
     order by 1`,
    [database.table("comments")],
  );
}

/** A tablespace of the test's own. To be called before its database is made, which goes first. */
async function createTablespace(server: string): Promise<string> {
  const name = `tablespace_${randomUUID().replaceAll("-", "")}`;
  const run = async (...statements: readonly string[]): Promise<void> => {
    const url = inject("postgres").find(({ major }) => server === `PostgreSQL ${major}`)?.url;
    const client = new Client({ connectionString: url });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await run("set allow_in_place_tablespaces = on", `create tablespace ${name} location ''`);
  onTestFinished(() => run(`drop tablespace ${name}`));
  return name;
}

describeEachDatabase(
  "a first load keeps these properties of indexes:",
  (target) => {
    const name = (unqualified: string): string => qualifiedName(target.schema, unqualified);
    const COMMENTS = name("comments");
    const PRIMARY_KEY = name("comments_pkey");
    const INDEX = name("comments_ticket_id");
    const key = (properties: string): readonly string[] => [
      `alter table ${COMMENTS} drop constraint comments_pkey, add primary key (comment_id) ${properties}`,
    ];

    /** Changes the indexes, and expects a first load to leave them so. */
    async function expectKept(database: DatabaseUnderTest, statements: readonly string[]): Promise<void> {
      for (const statement of statements) await database.sql(statement);
      const before = await properties(database);
      expect(await load(database.open(), comments, document)).toMatchObject({ inserted: ROWS });
      expect(await properties(database)).toEqual(before);
    }

    test.each<[what: string, statements: readonly string[]]>([
      ["the fillfactor of a key", [`alter index ${PRIMARY_KEY} set (fillfactor = 70)`]],
      ["the fillfactor of an index", [`alter index ${INDEX} set (fillfactor = 70)`]],
      ["a comment on an index", [`comment on index ${INDEX} is 'for the team report'`]],
      ["a comment on a key", [`comment on constraint comments_pkey on ${COMMENTS} is 'as OTC counts'`]],
      ["the mark of CLUSTER", [`alter table ${COMMENTS} cluster on comments_pkey`]],
      [
        "the mark of a replica identity",
        [`alter table ${COMMENTS} replica identity using index comments_pkey`],
      ],
      [
        "the statistics target of an expression",
        [
          `create index by_team on ${COMMENTS} (lower(team))`,
          `alter index ${name("by_team")} alter column 1 set statistics 500`,
        ],
      ],
      ["what depends on an extension", [`alter index ${INDEX} depends on extension plpgsql`]],
      ["the columns that a key includes", key("include (team)")],
      ["when a key is checked", key("deferrable initially deferred")],
      [
        "order, nulls and operator classes",
        [
          `create unique index on ${COMMENTS} (comment_id desc nulls last, team text_pattern_ops) nulls not distinct`,
        ],
      ],
      [
        "the names they have in partitions",
        [
          `alter table ${COMMENTS} rename to plain`,
          `create table ${COMMENTS} (like ${name("plain")}, primary key (comment_id)) partition by hash (comment_id)`,
          `create table ${name("half")} partition of ${COMMENTS} for values with (modulus 2, remainder 0)`,
          `create table ${name("other")} partition of ${COMMENTS} for values with (modulus 2, remainder 1)`,
          `alter index ${name("half_pkey")} rename to first`,
          `comment on index ${name("first")} is 'on the fast disk'`,
        ],
      ],
    ])("%s", async (_what, statements) => {
      await expectKept(await target.fresh(), statements);
    });

    test("the tablespace of an index", async () => {
      const tablespace = await createTablespace(target.name);
      const database = await target.fresh();
      await expectKept(database, [`alter index ${INDEX} set tablespace ${tablespace}`]);
    });

    test("the tablespace of a key", async () => {
      const tablespace = await createTablespace(target.name);
      const database = await target.fresh();
      await expectKept(database, [`alter index ${PRIMARY_KEY} set tablespace ${tablespace}`]);
    });

    test("the tablespace, even if the session has another default", async () => {
      const tablespace = await createTablespace(target.name);
      const database = await target.fresh();
      await expectKept(database, [
        `do $$ begin
           execute format('alter database %I set default_tablespace = ${tablespace}', current_database());
         end $$`,
      ]);
    });
  },
  ({ engine }) => engine === "postgres",
);
