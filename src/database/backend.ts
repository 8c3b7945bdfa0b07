/**
 * What a database, and the table of a view in it, can do. Nothing else asks which kind of database or table it works with:
 * it asks for what it needs. docs/scaling.md shows the profiles.
 */
export interface Backend {
  readonly name: "postgres" | "partitioned" | "distributed" | "embedded";
  /** Whether other sessions can be open: for a second connection of the loader, and for loads of other processes. */
  readonly separateSessions: boolean;
  /** Whether roles with different rights can use the database. */
  readonly roles: boolean;
  /** What pg-boss calls the database that the workers keep their jobs in. */
  readonly jobs: "postgres" | "citus" | "pglite";
  /** Whether a first load may put rows into the table without staging, and build the indexes afterwards. */
  readonly directFill: boolean;
  /** Whether a first load that stages its rows may write them before it builds the indexes of the table. */
  readonly putsOffIndexes: boolean;
  /**
   * Whether these rows may be frozen as they are written, because no other session can have a snapshot in which they must not
   * be. The first one that reads them then writes nothing: neither that they are committed, nor, where pages have checksums,
   * each page to the write-ahead log because of that.
   */
  readonly freezesRows: boolean;
  /** Whether a load creates the partitions that its rows need. */
  readonly createsPartitions: boolean;
  /** Whether rows with the same key may be in the table, because no unique constraint has to cover the key. */
  readonly mayRepeatKeys: boolean;
  /** Whether the planner takes the look-up of a key for dearer than it is, because it counts one in each part of the table. */
  readonly overratesLookups: boolean;
  /** Whether triggers can clear the fingerprint of a row that somebody else changes, and count the statements that write. */
  readonly hasTriggers: boolean;
  /**
   * Whether a load compares sums over the rows, made on their servers, to find out if another session has written, and reads
   * the rows again only if they differ.
   */
  readonly sumsRows: boolean;
  /** Whether creating a table takes about as long as a query, so that a load may create one for what a query would find again. */
  readonly cheapTables: boolean;
  /** Whether a statement can note the row that it handles in a sequence, by which a refused row is found. */
  readonly notesRows: boolean;
  /** Whether the write-ahead log of the server that a load is connected to shows all that it writes. */
  readonly walCounters: boolean;
  /** The column by which the rows of the table are spread over servers; undefined when they are on one. */
  readonly distributedBy: string | undefined;
  /** Settings of the server, by name, under which a load runs. */
  readonly settings: Readonly<Record<string, string>>;
  /** Names of settings of the transaction that the other servers have to be told. */
  readonly toldSettings: readonly string[];
}

export const POSTGRES: Backend = {
  name: "postgres",
  separateSessions: true,
  roles: true,
  jobs: "postgres",
  directFill: true,
  putsOffIndexes: true,
  freezesRows: false,
  createsPartitions: false,
  mayRepeatKeys: false,
  overratesLookups: false,
  hasTriggers: true,
  sumsRows: false,
  cheapTables: true,
  notesRows: true,
  walCounters: true,
  distributedBy: undefined,
  settings: {},
  toldSettings: [],
};

export const EMBEDDED: Backend = {
  ...POSTGRES,
  name: "embedded",
  separateSessions: false,
  roles: false,
  freezesRows: true,
  jobs: "pglite",
};

/** A table that consists of others, in a database of the given kind. */
export function partitioned(database: Backend): Backend {
  return {
    ...database,
    name: "partitioned",
    directFill: false,
    freezesRows: false,
    mayRepeatKeys: true,
    overratesLookups: true,
    createsPartitions: true,
  };
}

/** A table whose rows Citus has spread over servers, in a database of the given kind. */
export function distributed(database: Backend, column: string): Backend {
  return {
    ...database,
    name: "distributed",
    jobs: "citus",
    directFill: false,
    putsOffIndexes: false,
    freezesRows: false,
    // A unique constraint contains the distribution column.
    mayRepeatKeys: true,
    hasTriggers: false,
    sumsRows: true,
    // Each is created on each shard.
    cheapTables: false,
    notesRows: false,
    walCounters: false,
    distributedBy: column,
    // One connection to each server. With several, a statement could miss what another connection has written.
    // What a load sets for its transaction holds on all servers.
    settings: {
      "citus.multi_shard_modify_mode": "sequential",
      "citus.propagate_set_commands": "local",
    },
    // A load waits on the workers for what others have locked there.
    toldSettings: ["lock_timeout"],
  };
}
