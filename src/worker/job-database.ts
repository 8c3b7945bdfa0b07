import type { Db } from "pg-boss";
import type { Parameter, Queryable } from "../database/database.ts";

/** Adapts a database, or a transaction, for pg-boss. */
export function jobDatabase(queryable: Queryable): Db {
  return {
    executeSql: async (text, values = []) =>
      // Without parameters the text may be a script with its own transaction.
      values.length === 0
        ? { rows: [...(await queryable.script(text))] }
        : { rows: [...(await queryable.query(text, values as Parameter[])).rows] },
  };
}
