import { BlockList } from "node:net";
import * as v from "valibot";
import { parseWholeNumber } from "../../format/whole-number.ts";
import { DURATION_EXAMPLES, durationMs } from "./duration.ts";
import { networkList } from "./network-list.ts";
import { parsePercentage, ratioOf } from "./percentage.ts";

// The types of the values of settings: each reads the text of a variable, and says what the text must be otherwise.

export const DAY_MS = 86_400_000;

export function wholeNumber(minimum: number, maximum: number): v.GenericSchema<string, number> {
  const range = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.transform((value) => parseWholeNumber(value, { minimum, maximum })),
    v.number(range),
  );
}

export const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));

/** The path of a file or a directory. */
export const path = v.pipe(v.string(), v.nonEmpty("must not be empty"));

/** `none` is the empty list. */
export const names = v.pipe(
  v.string(),
  v.transform((value) => (value.trim() === "none" ? [] : value.split(",").map((name) => name.trim()))),
  v.check((list) => list.every((name) => name !== ""), "must be names with commas between them, or none"),
);

/** IP addresses and networks, such as `10.0.0.0/8`. */
export const networks = v.pipe(
  names,
  v.transform((list) => networkList(list)),
  v.check((list) => list !== undefined, "must be IP addresses or networks such as 10.0.0.0/8, or none"),
  v.transform((list) => list ?? new BlockList()),
);

export const milliseconds = wholeNumber(0, DAY_MS);

/** A timer of 0 would fire before anything could happen. */
export const positiveMilliseconds = wholeNumber(1, DAY_MS);

/** Read as milliseconds. */
export const duration = v.pipe(
  v.string(),
  v.transform((value) => durationMs(value) ?? NaN),
  v.check((value) => !Number.isNaN(value), `must be a number with a unit: ${DURATION_EXAMPLES}`),
);

/** Read as a number from 0 to 1. */
export const percentage = v.pipe(
  v.string(),
  v.transform((value) => parsePercentage(value)),
  v.check((value) => value !== undefined, "must be a percentage from 0% to 100%"),
  v.transform((value) => (value === undefined ? Number.NaN : ratioOf(value))),
);

/** @param instead ends the message about a user name and password, which a URL would expose: where they belong */
export function httpUrl(instead: string): v.GenericSchema<string, URL> {
  return v.pipe(
    v.string(),
    v.check(
      (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
      "must be an http or https URL",
    ),
    v.transform((value) => new URL(value)),
    v.check(
      (url) => url.username === "" && url.password === "",
      `must not hold a user name or password${instead}`,
    ),
  );
}

/** The conditions that alerts are sent for. */
export const ALERT_CONDITIONS = [
  "failed",
  "partial",
  "stale",
  "rollback-rate",
  "drift",
  "missing",
  "rekeyed",
  "late",
] as const;

export type AlertCondition = (typeof ALERT_CONDITIONS)[number];

export const alertConditions = v.pipe(
  names,
  v.array(
    v.picklist(
      ALERT_CONDITIONS,
      `must be some of ${ALERT_CONDITIONS.join(", ")} with commas between them, or none`,
    ),
  ),
);

export const mailAddresses = v.pipe(
  v.string(),
  v.regex(
    /^[^\s@,]+@[^\s@,]+(?:\s*,\s*[^\s@,]+@[^\s@,]+)*$/,
    "must be mail addresses with commas between them",
  ),
);

export const databaseUrl = v.pipe(
  v.string(),
  v.check(
    (value) => URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol),
    "must be a URL such as postgres://user@host:5432/servicedesk",
  ),
);
