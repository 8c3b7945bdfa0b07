import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";

/** The parts of PostgreSQL's error message, as both drivers return them. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly where?: string;
  /** The function of the server that raised the error. Unlike the message, it is never translated. */
  readonly routine?: string;
}

/**
 * SQLSTATE classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) with which the server
 * rejects a single row: data exception, integrity constraint, WITH CHECK OPTION, RAISE in a trigger, index row too large.
 */
const ROW_ERRORS = /^(22|23|44)|^(P0001|54000)$/;

const DISK_FULL = "53100";

/**
 * Citus reports a worker that it has lost, or on which a lock did not become free in time, as an internal error of these
 * functions.
 */
const WORKER_FAILED = {
  code: "XX000",
  routines: ["ReportResultError", "MarkRemoteTransactionFailed", "CheckRemoteTransactionsHealth"],
  remedy:
    "A worker of the cluster was lost, or has not released a lock in time: its log and that of the coordinator say which. `otc-etl doctor` reports transactions that Citus has not finished yet.",
};

/** A row rejected by a policy's WITH CHECK has the same code as a missing right. The server's function differs. */
const POLICY_ERROR = { code: "42501", routine: "ExecWithCheckOptions" };

/** Feature not supported, data exception, integrity constraint, dependent objects, and errors of names and types. */
const OBJECTIONS = /^(0A|22|23|2B|42(?!501))/;

/** Connection exceptions, too many connections, server shutting down, crashed or starting. */
const CONNECTION_PROBLEMS = /^(08...|53300|57P01|57P02|57P03)$/;

/** Serialization failure and deadlock. */
const CONFLICTS = new Set(["40001", "40P01"]);

/**
 * Errors that the statement did not cause: connections, the state of the session or server, conflicts, resources, locks,
 * a cancellation by a user or a time limit, disks.
 */
const TRANSIENT = /^(08|25|40|53|55|57|58)/;

/** What the operator can do about some SQLSTATEs. */
const REMEDIES: Readonly<Record<string, string>> = {
  "28P01": "Check OTC_PG_USER and OTC_PG_PASSWORD (or OTC_DATABASE_URL).",
  "28000": "Check OTC_PG_USER, and pg_hba.conf on the server.",
  "3D000": "Create the database, or check OTC_PG_DATABASE (or OTC_DATABASE_URL).",
  "3F000": "Run `otc-etl migrate`, or check OTC_PG_SCHEMA.",
  "42P01": "Run `otc-etl migrate`.",
  "42703": "Run `otc-etl migrate`.",
  "42501": 'Grant the role the rights that docs/operations.md lists under "Rights".',
  "53300":
    "The server has no connection left. Try again later, or raise max_connections or the role's limit.",
  [DISK_FULL]: "The database's disk is full.",
  "55P03": "Another session has locked the table. Find it in pg_stat_activity, or raise OTC_LOCK_TIMEOUT_MS.",
  "57014": "The statement was cancelled. If the time limit was the cause, raise OTC_STATEMENT_TIMEOUT_MS.",
  "25P03": "The source took too long to answer. Raise OTC_IDLE_TIMEOUT_MS.",
  "53400": "A limit of the server is too small for this load, for example temp_file_limit.",
  "25006": "This server is a read-only standby. Set OTC_PG_HOST to the primary.",
};

/** An error of PostgreSQL, or of the connection to it. */
export class DatabaseError extends OtcError {
  /** The five characters of the SQLSTATE; undefined when the connection itself failed. */
  readonly sqlState: string | undefined;
  /** The detail that the server added to its message. */
  readonly detail: string | undefined;
  /** The violated constraint, if there is one. */
  readonly constraint: string | undefined;
  readonly #byPolicy: boolean;
  readonly #workerFailed: boolean;

  constructor(message: string, options: { server?: ServerError; remedy?: string; cause: unknown }) {
    const { server } = options;
    const workerFailed =
      server?.code === WORKER_FAILED.code && WORKER_FAILED.routines.includes(server.routine ?? "");
    const remedy =
      options.remedy ??
      (workerFailed ? WORKER_FAILED.remedy : server === undefined ? undefined : REMEDIES[server.code]);
    super("database", message, { ...(remedy === undefined ? {} : { remedy }), cause: options.cause });
    this.sqlState = server?.code;
    this.detail = server?.detail;
    this.constraint = server?.constraint;
    this.#byPolicy = server?.code === POLICY_ERROR.code && server.routine === POLICY_ERROR.routine;
    this.#workerFailed = workerFailed;
  }

  /** Whether the connection was lost or could not be established, so that a later attempt may succeed. */
  get isConnectionProblem(): boolean {
    return this.sqlState === undefined || CONNECTION_PROBLEMS.test(this.sqlState);
  }

  /** Whether a retry may succeed, because the database was unreachable, busy or locked, or a worker of its cluster. */
  get isTransient(): boolean {
    return this.sqlState === undefined || TRANSIENT.test(this.sqlState) || this.#workerFailed;
  }

  /** Whether the server, the database or the role has no connection left. */
  get isLackOfConnections(): boolean {
    return this.sqlState === "53300";
  }

  /** Whether the statement conflicted with a concurrent transaction, and may succeed when it is repeated. */
  get isConflict(): boolean {
    return this.sqlState !== undefined && CONFLICTS.has(this.sqlState);
  }

  /** Whether the present tables and rows do not allow the statement, so that a retry would fail again. */
  get isObjection(): boolean {
    return this.sqlState !== undefined && OBJECTIONS.test(this.sqlState);
  }

  /** Whether a single row caused the error, so that the other rows could be written without it. */
  get isRowError(): boolean {
    return this.sqlState !== undefined && (ROW_ERRORS.test(this.sqlState) || this.#byPolicy);
  }
}

/**
 * Wraps a driver's error.
 *
 * @param location where the database is, without credentials
 */
export function databaseError(error: unknown, location: string): OtcError {
  if (error instanceof OtcError) return error;
  if (isServerError(error)) {
    const parts = [error.message, error.detail, error.hint].filter(
      (part) => part !== undefined && part !== "",
    );
    const where = error.code === DISK_FULL ? ` in ${location}` : "";
    return new DatabaseError(`PostgreSQL refused: ${parts.join(" ")} (SQLSTATE ${error.code})${where}`, {
      server: error,
      cause: error,
    });
  }
  return new DatabaseError(`The connection to ${location} failed: ${errorMessage(error)}`, {
    remedy:
      "Check that the server runs and that OTC_PG_HOST and OTC_PG_PORT (or OTC_DATABASE_URL) are right.",
    cause: error,
  });
}

/** Both drivers include the server's severity. A code is not enough, because EPIPE of a socket looks like a SQLSTATE. */
function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}
