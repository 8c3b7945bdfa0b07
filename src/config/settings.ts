import * as v from "valibot";
import {
  ALERT_CONDITIONS,
  alertConditions,
  databaseUrl,
  DAY_MS,
  duration,
  httpUrl,
  mailAddresses,
  milliseconds,
  names,
  networks,
  percentage,
  positiveMilliseconds,
  text,
  wholeNumber,
} from "./setting-types.ts";

/** One setting: its name, its type and its documentation. */
export interface Setting<T = unknown> {
  /** The environment variable. The flag is the same without `OTC_`: `--api-url` for `OTC_API_URL`. */
  readonly env: string;
  readonly group:
    | "OTC API"
    | "Database"
    | "Pace and retries"
    | "Archive"
    | "Limits"
    | "Missing rows"
    | "History"
    | "Retention"
    | "Schedule"
    | "Health"
    | "Status page"
    | "Alerts";
  readonly description: string;
  /** Reads the text of the variable. */
  readonly type: v.GenericSchema<string, T>;
  /** The default, as text of the environment variable. */
  readonly default?: string;
  /** A value for the example file, where there is no default. */
  readonly example?: string;
  /** A secret is never printed and never a flag; it can also be read from the file that `<env>_FILE` names. */
  readonly secret?: true;
}

/** Every setting there is. The tables of docs/settings.md, `.env.example`, the flags and the validation come from this list. */
const SETTINGS = {
  apiUrl: {
    env: "OTC_API_URL",
    group: "OTC API",
    description: "Address of the OTC API; the view's id is added as `?id=`.",
    type: httpUrl("; use OTC_API_USERNAME and OTC_API_PASSWORD"),
    example: "https://otc.example.com/api/views",
  },
  apiUsername: {
    env: "OTC_API_USERNAME",
    group: "OTC API",
    description: "User name for HTTP Basic authentication (`OTC_API_AUTH=basic`).",
    type: text,
    example: "etl",
  },
  apiPassword: {
    env: "OTC_API_PASSWORD",
    group: "OTC API",
    description: "Password for HTTP Basic authentication (`OTC_API_AUTH=basic`).",
    type: text,
    secret: true,
  },
  apiAuth: {
    env: "OTC_API_AUTH",
    group: "OTC API",
    description: "How requests to OTC authenticate: basic (user and password) or bearer (`OTC_API_TOKEN`).",
    type: v.picklist(["basic", "bearer"], "must be basic or bearer"),
    default: "basic",
  },
  apiToken: {
    env: "OTC_API_TOKEN",
    group: "OTC API",
    description: "Token for `OTC_API_AUTH=bearer`.",
    type: v.pipe(v.string(), v.regex(/^[!-~]+$/, "must be ASCII without spaces")),
    secret: true,
  },
  apiCaFile: {
    env: "OTC_API_CA_FILE",
    group: "OTC API",
    description:
      "File with the certificates of further authorities, in PEM format, that OTC's certificate is checked against; for a proxy that inspects TLS, for example.",
    type: text,
    example: "/etc/ssl/certs/company-ca.pem",
  },
  timezone: {
    env: "OTC_TIMEZONE",
    group: "OTC API",
    description: "IANA time zone of timestamps that carry none.",
    type: text,
    default: "UTC",
  },
  databaseUrl: {
    env: "OTC_DATABASE_URL",
    group: "Database",
    description:
      "PostgreSQL as one URL. It takes precedence over `OTC_PG_*`; its password may come from `OTC_PG_PASSWORD`.",
    type: databaseUrl,
    secret: true,
  },
  pgHost: {
    env: "OTC_PG_HOST",
    group: "Database",
    description: "PostgreSQL server (default localhost, if any `OTC_PG_*` other than the schema is set).",
    type: text,
    example: "localhost",
  },
  pgPort: {
    env: "OTC_PG_PORT",
    group: "Database",
    description: "Port of the server (default 5432).",
    type: wholeNumber(1, 65_535),
    example: "5432",
  },
  pgDatabase: {
    env: "OTC_PG_DATABASE",
    group: "Database",
    description: "Database on the server (default servicedesk).",
    type: text,
    example: "servicedesk",
  },
  pgUser: {
    env: "OTC_PG_USER",
    group: "Database",
    description: "Role to connect as (default: the operating system's user).",
    type: text,
    example: "otc_etl",
  },
  pgPassword: {
    env: "OTC_PG_PASSWORD",
    group: "Database",
    description: "Password of the role.",
    type: text,
    secret: true,
  },
  pgSslmode: {
    env: "OTC_PG_SSLMODE",
    group: "Database",
    description:
      "TLS to PostgreSQL: disable, require (encrypted, the certificate is not checked), verify-ca, or verify-full.",
    type: v.picklist(
      ["disable", "require", "verify-ca", "verify-full"],
      "must be disable, require, verify-ca or verify-full",
    ),
    example: "verify-full",
  },
  pgSslrootcert: {
    env: "OTC_PG_SSLROOTCERT",
    group: "Database",
    description: "File with the certificate authority that PostgreSQL's certificate is checked against.",
    type: text,
    example: "/etc/ssl/certs/postgres-ca.pem",
  },
  pgSchema: {
    env: "OTC_PG_SCHEMA",
    group: "Database",
    description: "Schema of all tables, on a server and embedded.",
    type: text,
    default: "servicedesk",
  },
  dataDir: {
    env: "OTC_DATA_DIR",
    group: "Database",
    description: "Directory of the embedded database, which is used when no server is configured.",
    type: text,
    default: ".otc-etl",
  },
  requestIntervalMs: {
    env: "OTC_REQUEST_INTERVAL_MS",
    group: "Pace and retries",
    description: "Pause between two requests, in ms.",
    type: milliseconds,
    default: "5000",
  },
  viewGapMs: {
    env: "OTC_VIEW_GAP_MS",
    group: "Pace and retries",
    description: "Pause between two views, in ms.",
    type: milliseconds,
    default: "30000",
  },
  requestsPerHour: {
    env: "OTC_REQUESTS_PER_HOUR",
    group: "Pace and retries",
    description: "Largest number of requests in any sixty minutes.",
    type: wholeNumber(1, 1_000_000),
    default: "100",
  },
  retries: {
    env: "OTC_RETRIES",
    group: "Pace and retries",
    description: "Number of retries after a transient failure of a fetch (429, 5xx, timeouts, resets).",
    type: wholeNumber(0, 100),
    default: "3",
  },
  retryBaseMs: {
    env: "OTC_RETRY_BASE_MS",
    group: "Pace and retries",
    description:
      "Back-off before the first retry, in ms. It doubles up to 300000, with jitter; `Retry-After` takes precedence.",
    type: milliseconds,
    default: "10000",
  },
  timeoutMs: {
    env: "OTC_TIMEOUT_MS",
    group: "Pace and retries",
    description: "A fetch fails when no byte has arrived for this long, in ms.",
    type: positiveMilliseconds,
    default: "120000",
  },
  maxPaceWaitMs: {
    env: "OTC_MAX_PACE_WAIT_MS",
    group: "Pace and retries",
    description:
      "Longest wait for the pace rules or for `Retry-After`, in ms. A load that would have to wait longer ends with exit code 75.",
    type: milliseconds,
    default: "300000",
  },
  breakerFailures: {
    env: "OTC_BREAKER_FAILURES",
    group: "Pace and retries",
    description: "Number of failed fetches in a row that opens the circuit, for every process.",
    type: wholeNumber(1, 1000),
    default: "3",
  },
  breakerCooldownMs: {
    env: "OTC_BREAKER_COOLDOWN_MS",
    group: "Pace and retries",
    description: "How long the circuit stays open, in ms; then one load may try.",
    type: milliseconds,
    default: "600000",
  },
  archiveDir: {
    env: "OTC_ARCHIVE_DIR",
    group: "Archive",
    description:
      "Directory that keeps every document as OTC sent it, for `replay`; without it no document is kept. Each database needs its own.",
    type: text,
    example: "/var/lib/otc-etl/archive",
  },
  archiveKeep: {
    env: "OTC_ARCHIVE_KEEP",
    group: "Archive",
    description: "How many of the newest documents per view the archive keeps; 0 keeps all.",
    type: wholeNumber(0, 1_000_000),
    default: "30",
  },
  maxRecordBytes: {
    env: "OTC_MAX_RECORD_BYTES",
    group: "Limits",
    description: "Largest record accepted, in bytes.",
    type: wholeNumber(1024, 512 * 1024 * 1024),
    default: "67108864",
  },
  maxStoredRejects: {
    env: "OTC_MAX_STORED_REJECTS",
    group: "Limits",
    description:
      "Rejected records that a run stores in the quarantine. It counts the others by reason, and stores the first five of each reason.",
    type: wholeNumber(0, 100_000_000),
    default: "10000",
  },
  maxDocumentBytes: {
    env: "OTC_MAX_DOCUMENT_BYTES",
    group: "Limits",
    description: "Largest document accepted, decompressed, in bytes.",
    type: wholeNumber(1024, Number.MAX_SAFE_INTEGER),
    default: "50000000000",
  },
  maxCompressionRatio: {
    env: "OTC_MAX_COMPRESSION_RATIO",
    group: "Limits",
    description:
      "How many times larger a response of OTC may become when it is decompressed; the first 64 MiB are not judged.",
    type: wholeNumber(1, 1_000_000),
    default: "200",
  },
  maxKnownRows: {
    env: "OTC_MAX_KNOWN_ROWS",
    group: "Limits",
    description:
      "Rows of a table whose fingerprints a load keeps in memory, 39 bytes each, or 31 if missing rows are ignored. " +
      "Every row of a larger table is compared; 0 compares all.",
    type: wholeNumber(0, 100_000_000),
    default: "10000000",
  },
  loadTimeoutMs: {
    env: "OTC_LOAD_TIMEOUT_MS",
    group: "Limits",
    description: "Time limit for one load from beginning to end, in ms. 0 means no limit.",
    type: milliseconds,
    default: "21600000",
  },
  connectTimeoutMs: {
    env: "OTC_CONNECT_TIMEOUT_MS",
    group: "Limits",
    description: "Time limit for connecting to PostgreSQL, in ms.",
    type: positiveMilliseconds,
    default: "15000",
  },
  lockTimeoutMs: {
    env: "OTC_LOCK_TIMEOUT_MS",
    group: "Limits",
    description: "Longest wait for a lock that another session holds on a table, in ms. 0 means no limit.",
    type: milliseconds,
    default: "60000",
  },
  statementTimeoutMs: {
    env: "OTC_STATEMENT_TIMEOUT_MS",
    group: "Limits",
    description:
      "Time limit for one statement in PostgreSQL, in ms; COPY lasts as long as the fetch. 0 means no limit.",
    type: milliseconds,
    default: "7200000",
  },
  idleTimeoutMs: {
    env: "OTC_IDLE_TIMEOUT_MS",
    group: "Limits",
    description:
      "Longest pause inside a transaction, such as a wait for OTC or for a retry, in ms. 0 means no limit.",
    type: milliseconds,
    default: "3600000",
  },
  historyColumns: {
    env: "OTC_HISTORY_COLUMNS",
    group: "History",
    description:
      "Comma-separated columns whose changes are kept in `ticket_history`, `timesheet_history` and " +
      "`comment_history`. A view of which it names no column keeps the default; VIEW=none keeps no history of one " +
      "view, and none alone keeps none (default: status, team, assignee, severity and category of tickets; hours, " +
      "billable and approved of timesheets; the text of comments).",
    type: names,
    example: "TKT-Status,TKT-Team,TS-Hours,TS-Billable,TS-Description,comments=none",
  },
  keepRunsMs: {
    env: "OTC_KEEP_RUNS",
    group: "Retention",
    description:
      "How long `worker` and `prune` keep records of runs; 0d keeps all. The last committed run of each view always stays.",
    type: duration,
    default: "400d",
  },
  keepRejectsMs: {
    env: "OTC_KEEP_REJECTS",
    group: "Retention",
    description: "How long `worker` and `prune` keep records in quarantine; 0d keeps all.",
    type: duration,
    default: "90d",
  },
  schedule: {
    env: "OTC_SCHEDULE",
    group: "Schedule",
    description: "When `worker` loads: a cron expression of five fields, or off.",
    type: text,
    default: "0 2 * * *",
  },
  scheduleTimezone: {
    env: "OTC_SCHEDULE_TIMEZONE",
    group: "Schedule",
    description: "IANA time zone of the schedules (default: OTC_TIMEZONE).",
    type: text,
    example: "Europe/Vienna",
  },
  stopGraceMs: {
    env: "OTC_STOP_GRACE",
    group: "Schedule",
    description: "How long a load may continue after `worker` was told to stop; then it is rolled back.",
    type: v.pipe(duration, v.maxValue(DAY_MS, "must be a day at most")),
    default: "20s",
  },
  maxAgeMs: {
    env: "OTC_MAX_AGE",
    group: "Health",
    description: "How old the last load of a view may be before its data counts as stale.",
    type: duration,
    default: "26h",
  },
  maxRollbackRate: {
    env: "OTC_MAX_ROLLBACK_RATE",
    group: "Health",
    description: "Largest share of a view's last 20 loads that may be rolled back.",
    type: percentage,
    default: "20%",
  },
  webToken: {
    env: "OTC_WEB_TOKEN",
    group: "Status page",
    description:
      "Token that `serve` requires from everybody who reads its pages; required on any but a loopback address. At least 16 characters.",
    type: v.pipe(
      v.string(),
      v.regex(/^[!-~]{16,}$/, "must have at least 16 characters of ASCII, and no spaces"),
    ),
    secret: true,
  },
  webTrustedProxies: {
    env: "OTC_WEB_TRUSTED_PROXIES",
    group: "Status page",
    description:
      "Comma-separated addresses or networks of proxies in front of `serve`, or none. The client's address is taken from their `X-Forwarded-For`.",
    type: networks,
    default: "none",
  },
  webDatabaseUrl: {
    env: "OTC_WEB_DATABASE_URL",
    group: "Status page",
    description:
      "PostgreSQL as one URL, with a role that may only read, for `serve`. Without it, `serve` uses the role of the loads, in read-only transactions.",
    type: databaseUrl,
    secret: true,
  },
  alertWebhook: {
    env: "OTC_ALERT_WEBHOOK",
    group: "Alerts",
    description:
      "Incoming webhook of Slack, Teams or the like, for alerts when a condition begins and when it ends.",
    type: httpUrl(""),
    secret: true,
  },
  alertOn: {
    env: "OTC_ALERT_ON",
    group: "Alerts",
    description: `Comma-separated conditions to alert on: ${ALERT_CONDITIONS.join(", ")}; or none.`,
    type: alertConditions,
    default: ALERT_CONDITIONS.join(","),
  },
  alertFormat: {
    env: "OTC_ALERT_FORMAT",
    group: "Alerts",
    description: "Format of alerts: slack, teams, or auto, which depends on the webhook's host.",
    type: v.picklist(["auto", "slack", "teams"], "must be auto, slack or teams"),
    default: "auto",
  },
  smtpUrl: {
    env: "OTC_SMTP_URL",
    group: "Alerts",
    description:
      "Mail server for alerts by e-mail: smtp://user:password@host:587 (STARTTLS if the server has it) or smtps://… (TLS).",
    type: v.pipe(
      v.string(),
      v.check(
        (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol),
        "must be an smtp or smtps URL",
      ),
      v.transform((value) => new URL(value)),
    ),
    secret: true,
  },
  alertMailTo: {
    env: "OTC_ALERT_MAIL_TO",
    group: "Alerts",
    description:
      "Addresses that alerts are sent to by e-mail, with commas between them; required with `OTC_SMTP_URL`.",
    type: mailAddresses,
    example: "data-team@example.com",
  },
  alertMailFrom: {
    env: "OTC_ALERT_MAIL_FROM",
    group: "Alerts",
    description: "Address that alerts by e-mail come from; required with `OTC_SMTP_URL`.",
    type: mailAddresses,
    example: "otc-etl@example.com",
  },
} satisfies Record<string, Setting>;

type SettingName = keyof typeof SETTINGS;

/** The settings as read. A setting that is not set has its default, or is undefined without one. */
export type Settings = {
  readonly [Name in SettingName]:
    | v.InferOutput<(typeof SETTINGS)[Name]["type"]>
    | ((typeof SETTINGS)[Name] extends { default: string } ? never : undefined);
};

/** All settings, with the name they have in `Settings`. */
export const settingList: readonly (Setting & { readonly name: SettingName })[] = Object.entries(
  SETTINGS,
).map(([name, definition]) => ({ ...(definition as Setting), name: name as SettingName }));

/** The flag of a setting, without dashes: `api-url`. */
export function flagOf(definition: Setting): string {
  return definition.env.replace(/^OTC_/, "").toLowerCase().replaceAll("_", "-");
}

/** A setting that each view has its own value of. */
interface ViewSetting {
  readonly group: Setting["group"];
  readonly variable: (view: string) => string;
  readonly description: (view: string) => string;
  /** The flag that takes `view=value`, without dashes. */
  readonly flag: string;
}

/** All settings that each view has its own value of. */
export const viewSettingList: readonly ViewSetting[] = [
  {
    group: "OTC API",
    variable: viewIdVariable,
    description: (view) => `The id of the view ${view} in OTC.`,
    flag: "view-id",
  },
  {
    group: "Schedule",
    variable: viewScheduleVariable,
    description: (view) =>
      `When \`worker\` loads the view ${view}, if different from \`OTC_SCHEDULE\`; or off.`,
    flag: "view-schedule",
  },
  {
    group: "Missing rows",
    variable: viewMissingVariable,
    description: (view) =>
      `What a load does with rows of the view ${view} that OTC no longer sends: ignore, report, soft-delete or archive. The default is in docs/loading.md.`,
    flag: "view-missing",
  },
];

/** The variable that holds a view's id. */
export function viewIdVariable(view: string): string {
  return `OTC_VIEW_${inCapitals(view)}`;
}

/** The variable that holds a view's own schedule. */
export function viewScheduleVariable(view: string): string {
  return `OTC_SCHEDULE_${inCapitals(view)}`;
}

/** The variable that says what becomes of a view's missing rows. */
export function viewMissingVariable(view: string): string {
  return `OTC_MISSING_${inCapitals(view)}`;
}

function inCapitals(view: string): string {
  return view.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}
