import { milliseconds, positiveMilliseconds, wholeNumber } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const LIMITS = inGroup("Limits", {
  maxRecordBytes: {
    env: "OTC_MAX_RECORD_BYTES",
    description: "Largest record accepted, in bytes.",
    type: wholeNumber(1024, 512 * 1024 * 1024),
    default: "67108864",
  },
  maxStoredRejects: {
    env: "OTC_MAX_STORED_REJECTS",
    description:
      "Rejected records that a run stores in the quarantine. It counts the others by reason, and stores the first five of each reason.",
    type: wholeNumber(0, 100_000_000),
    default: "10000",
  },
  maxDocumentBytes: {
    env: "OTC_MAX_DOCUMENT_BYTES",
    description: "Largest document accepted, decompressed, in bytes.",
    type: wholeNumber(1024, Number.MAX_SAFE_INTEGER),
    default: "50000000000",
  },
  maxCompressionRatio: {
    env: "OTC_MAX_COMPRESSION_RATIO",
    description:
      "How many times larger a response of OTC may become when it is decompressed; the first 64 MiB are not judged.",
    type: wholeNumber(1, 1_000_000),
    default: "200",
  },
  maxKnownRows: {
    env: "OTC_MAX_KNOWN_ROWS",
    description:
      "Rows of a table whose fingerprints a load keeps in memory, 39 bytes each, or 31 if missing rows are ignored. " +
      "Every row of a larger table is compared; 0 compares all.",
    type: wholeNumber(0, 100_000_000),
    default: "10000000",
  },
  loadTimeoutMs: {
    env: "OTC_LOAD_TIMEOUT_MS",
    description: "Time limit for one load from beginning to end, in ms. 0 means no limit.",
    type: milliseconds,
    default: "21600000",
  },
  connectTimeoutMs: {
    env: "OTC_CONNECT_TIMEOUT_MS",
    description: "Time limit for connecting to PostgreSQL, in ms.",
    type: positiveMilliseconds,
    default: "15000",
  },
  lockTimeoutMs: {
    env: "OTC_LOCK_TIMEOUT_MS",
    description: "Longest wait for a lock that another session holds on a table, in ms. 0 means no limit.",
    type: milliseconds,
    default: "60000",
  },
  statementTimeoutMs: {
    env: "OTC_STATEMENT_TIMEOUT_MS",
    description:
      "Time limit for one statement in PostgreSQL, in ms; COPY lasts as long as the fetch. 0 means no limit.",
    type: milliseconds,
    default: "7200000",
  },
  idleTimeoutMs: {
    env: "OTC_IDLE_TIMEOUT_MS",
    description:
      "Longest pause inside a transaction, such as a wait for OTC or for a retry, in ms. 0 means no limit.",
    type: milliseconds,
    default: "3600000",
  },
});
