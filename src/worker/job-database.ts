import type { Db } from "pg-boss";
import type { Parameter, Queryable } from "../database/database.ts";

/** A database, or a transaction of it, as pg-boss takes one. */
export function jobDatabase(queryable: Queryable): Db {
  return {
    executeSql: async (text, values = []) =>
      // Without parameters it may be a script, with a transaction of its own.
      values.length === 0
        ? { rows: [...(await queryable.script(text))] }
        : { rows: [...(await queryable.query(text, values as Parameter[])).rows] },
  };
}
