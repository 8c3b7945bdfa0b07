/**
 * What a database, and the table of a view in it, can do. Nothing else asks which kind of database or table it works with:
 * it asks for what it needs. docs/scaling.md shows the profiles.
 */
export interface Backend {
  readonly name: "postgres" | "partitioned" | "embedded";
  /** Whether other sessions can be open: for a second connection of the loader, and for loads of other processes. */
  readonly separateSessions: boolean;
  /** Whether roles with different rights can use the database. */
  readonly roles: boolean;
  /** What pg-boss calls the database that the workers keep their jobs in. */
  readonly jobs: "postgres" | "pglite";
  /** Whether a first load may put rows into the table without staging, and build the indexes afterwards. */
  readonly directFill: boolean;
  /** Whether a load creates the partitions that its rows need. */
  readonly createsPartitions: boolean;
  /** Whether rows with the same key may be in the table, because no unique constraint has to cover the key. */
  readonly mayRepeatKeys: boolean;
}

export const POSTGRES: Backend = {
  name: "postgres",
  separateSessions: true,
  roles: true,
  jobs: "postgres",
  directFill: true,
  createsPartitions: false,
  mayRepeatKeys: false,
};

export const EMBEDDED: Backend = {
  ...POSTGRES,
  name: "embedded",
  separateSessions: false,
  roles: false,
  jobs: "pglite",
};

/** A table that consists of others, in a database of the given kind. */
export function partitioned(database: Backend): Backend {
  return {
    ...database,
    name: "partitioned",
    directFill: false,
    mayRepeatKeys: true,
    createsPartitions: true,
  };
}
