import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";

/** The parts of an error message that PostgreSQL sends, as both drivers give them. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly where?: string;
  /** The function of the server that raised it; unlike the message it is never translated. */
  readonly routine?: string;
}

/**
 * SQLSTATE classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) by which a single row is
 * refused: data exception, integrity constraint, WITH CHECK OPTION, RAISE in a trigger, an index row too large.
 */
const ROW_REFUSALS = /^(22|23|44)|^(P0001|54000)$/;

/** A policy's WITH CHECK refuses a row by the code of a missing right; this function tells the two apart. */
const POLICY_REFUSAL = { code: "42501", routine: "ExecWithCheckOptions" };

/** Feature not supported, data exception, integrity constraint, dependent objects, and whatever a name or type can be. */
const OBJECTIONS = /^(0A|22|23|2B|42(?!501))/;

/** Connection exceptions, too many connections, server shutting down, crashed or starting. */
const CONNECTION_PROBLEMS = /^(08...|53300|57P01|57P02|57P03)$/;

/** Serialization failure and deadlock. */
const CONFLICTS = new Set(["40001", "40P01"]);

/**
 * Connections, the state of the session or server, conflicts, resources, locks, cancelled by somebody or a time limit, disks:
 * what is not the statement's fault.
 */
const PASSING = /^(08|25|40|53|55|57|58)/;

/** What a few states mean for the operator. */
const REMEDIES: Readonly<Record<string, string>> = {
  "28P01": "Check OTC_PG_USER and OTC_PG_PASSWORD (or OTC_DATABASE_URL).",
  "28000": "Check OTC_PG_USER, and pg_hba.conf on the server.",
  "3D000": "Create the database, or check OTC_PG_DATABASE (or OTC_DATABASE_URL).",
  "3F000": "Run `otc-etl migrate`, or check OTC_PG_SCHEMA.",
  "42P01": "Run `otc-etl migrate`.",
  "42703": "Run `otc-etl migrate`.",
  "42501": 'Grant the role the rights that docs/operations.md lists under "Rights".',
  "53300":
    "The server has no connection left; try again later, or raise max_connections or the role's limit.",
  "53100": "The server's disk is full.",
  "55P03": "Another session holds the table; find it in pg_stat_activity, or raise OTC_LOCK_TIMEOUT_MS.",
  "57014": "The statement was cancelled; if by the time limit, raise OTC_STATEMENT_TIMEOUT_MS.",
  "25P03": "The source took too long to answer; raise OTC_IDLE_TIMEOUT_MS.",
  "53400": "A limit of the server is too small for this load, temp_file_limit for example.",
  "25006": "This server is a read-only standby; point OTC_PG_HOST at the primary.",
};

/** What PostgreSQL, or the way to it, answered. */
export class DatabaseError extends OtcError {
  /** The five characters of the SQLSTATE; undefined when the connection itself failed. */
  readonly sqlState: string | undefined;
  /** What the server added to its message. */
  readonly detail: string | undefined;
  /** The constraint that refused, if one did. */
  readonly constraint: string | undefined;
  readonly #byPolicy: boolean;

  constructor(message: string, options: { server?: ServerError; remedy?: string; cause: unknown }) {
    const remedy =
      options.remedy ?? (options.server === undefined ? undefined : REMEDIES[options.server.code]);
    super("database", message, { ...(remedy === undefined ? {} : { remedy }), cause: options.cause });
    this.sqlState = options.server?.code;
    this.detail = options.server?.detail;
    this.constraint = options.server?.constraint;
    this.#byPolicy =
      options.server?.code === POLICY_REFUSAL.code && options.server.routine === POLICY_REFUSAL.routine;
  }

  /** Whether the connection is gone or could not be had, so that a later attempt may succeed. */
  get isConnectionProblem(): boolean {
    return this.sqlState === undefined || CONNECTION_PROBLEMS.test(this.sqlState);
  }

  /** Whether the same may succeed in a while: the database was away, busy or in somebody else's hands. */
  get isTransient(): boolean {
    return this.sqlState === undefined || PASSING.test(this.sqlState);
  }

  /** Whether the server, the database or the role has no connection left. */
  get isLackOfConnections(): boolean {
    return this.sqlState === "53300";
  }

  /** Whether the statement only met another at a bad moment, and may succeed when repeated. */
  get isConflict(): boolean {
    return this.sqlState !== undefined && CONFLICTS.has(this.sqlState);
  }

  /** Whether the tables and rows as they are do not allow the statement: it would be refused again. */
  get isObjection(): boolean {
    return this.sqlState !== undefined && OBJECTIONS.test(this.sqlState);
  }

  /** Whether one row is to blame, so that the others could be written without it. */
  get isRowError(): boolean {
    return this.sqlState !== undefined && (ROW_REFUSALS.test(this.sqlState) || this.#byPolicy);
  }
}

/**
 * Wraps what a driver threw.
 *
 * @param location where the database is, without credentials
 */
export function databaseError(error: unknown, location: string): OtcError {
  if (error instanceof OtcError) return error;
  if (isServerError(error)) {
    const parts = [error.message, error.detail, error.hint].filter(
      (part) => part !== undefined && part !== "",
    );
    return new DatabaseError(`PostgreSQL refused: ${parts.join(" ")} (SQLSTATE ${error.code})`, {
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

/** Both drivers give the server's severity along; a socket's error has a code as well (EPIPE looks like a SQLSTATE). */
function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}
