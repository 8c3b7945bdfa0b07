import { OtcError } from "../errors/otc-error.ts";
import { keyColumns, type View } from "../views/view.ts";
import { type Division, PERIODS } from "./division.ts";

/** Which view's table is to be divided, and how. */
export interface PartitionRequest extends Omit<Division, "timeZone"> {
  readonly view: View;
}

/**
 * Reads a text such as `timesheets=TS-Date:month`.
 *
 * @throws OtcError `usage` when there is no such view, column or period, or the column is not part of the key
 */
export function parsePartitionRequest(text: string, views: readonly View[]): PartitionRequest {
  const [, name, column, periodName] = /^([^=]+)=(.+):([^:]+)$/.exec(text) ?? [];
  const view = views.find((candidate) => candidate.name === name);
  const period = PERIODS.find((candidate) => candidate === periodName);
  if (view === undefined || column === undefined || period === undefined) {
    throw new OtcError("usage", `${JSON.stringify(text)} does not say how to partition a table.`, {
      remedy:
        `It must be VIEW=COLUMN:PERIOD, for example timesheets=TS-Date:month. ` +
        `The views are ${views.map((known) => known.name).join(", ")}, the period is ${PERIODS.join(" or ")}.`,
    });
  }
  const possible = keyColumns(view)
    .filter(({ type, key }) => type === "timestamp" && key === "required")
    .map((key) => key.name);
  if (possible.includes(column)) return { view, column, period };
  const others = views.flatMap((other) =>
    keyColumns(other).flatMap((key) =>
      key.type === "timestamp" && key.key === "required" ? [`${other.name}=${key.name}:${period}`] : [],
    ),
  );
  throw new OtcError(
    "usage",
    `${view.name} cannot be partitioned by ${JSON.stringify(column)}: that is no time in the key of its records. ` +
      "In PostgreSQL a unique constraint of a partitioned table contains the partition column, so nothing would prevent " +
      "two rows with one key in different partitions.",
    { remedy: `Possible is ${others.join(", ")}.` },
  );
}
