import { expect, test } from "vitest";
import { readCopyRows } from "../../../src/database/copy/copy-binary-reader.ts";
import { DatabaseError } from "../../../src/database/database-error.ts";
import type { Transaction } from "../../../src/database/database.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

/** Rows of an integer and a text, either of which may be null. */
async function rowsOf(transaction: Transaction, query: string): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  await readCopyRows(transaction.copyOut(query), 2, (bytes, [id, text]) => {
    const length = text === undefined ? 0 : bytes.readInt32BE(text - 4);
    rows.push([
      id === undefined ? null : bytes.readInt32BE(id),
      text === undefined ? null : bytes.toString("utf8", text, text + length),
    ]);
  });
  return rows;
}

describeEachDatabase("COPY out of the database", (target) => {
  test("hands out every row, its nulls and its texts of any length, and then the next statement runs", async () => {
    const database = await (await target.fresh()).open().database();
    const long = "é".repeat(200_000);
    const [rows, many, after] = await database.transaction(async (transaction) => [
      await rowsOf(
        transaction,
        `select * from (values (1, 'a'), (null, ''), (-2, null), (null, null), (3, repeat('é', 200000))) v`,
      ),
      await rowsOf(transaction, "select i::integer, i::text from generate_series(1, 50000) i"),
      (await transaction.query<{ one: number }>("select 1 as one")).rows,
    ]);
    expect(rows).toEqual([
      [1, "a"],
      [null, ""],
      [-2, null],
      [null, null],
      [3, long],
    ]);
    expect(many).toEqual(Array.from({ length: 50_000 }, (_, index) => [index + 1, `${index + 1}`]));
    expect(after).toEqual([{ one: 1 }]);
  });

  test("hands out no row of an empty result", async () => {
    const database = await (await target.fresh()).open().database();
    const rows = await database.transaction((transaction) =>
      rowsOf(transaction, "select 1, 'a' where false"),
    );
    expect(rows).toEqual([]);
  });

  test("fails with the error of the database, after which the transaction goes on from its savepoint", async () => {
    const database = await (await target.fresh()).open().database();
    const rows = await database.transaction(async (transaction) => {
      const broken = transaction.savepoint(() =>
        rowsOf(transaction, "select 1 / (40000 - i)::integer, 'a' from generate_series(1, 50000) i"),
      );
      await expect(broken).rejects.toThrow(DatabaseError);
      await expect(broken).rejects.toMatchObject({ sqlState: "22012" });
      return rowsOf(transaction, "select 1, 'a'");
    });
    expect(rows).toEqual([[1, "a"]]);
  });

  test("may be left before its end; the transaction fails then, and the next one works", async () => {
    const database = await (await target.fresh()).open().database();
    const left = database.transaction(async (transaction) => {
      for await (const chunk of transaction.copyOut("select i, 'a' from generate_series(1, 500000) i")) {
        expect(chunk.length).toBeGreaterThan(0);
        throw new Error("enough");
      }
    });
    await expect(left).rejects.toThrow("enough");
    expect(await database.transaction((transaction) => rowsOf(transaction, "select 1, 'a'"))).toEqual([
      [1, "a"],
    ]);
  });
});
