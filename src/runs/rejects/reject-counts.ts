/** A view has a few dozen fields, and each of them a few reasons; a document can have any number of unknown fields. */
const MOST_REASONS = 1000;

/** A longer name of a field is cut, in characters. The rejected record has the whole name. */
const LONGEST_FIELD = 200;

/** Counts rejected records by reason and field. The memory that it needs does not depend on the document. */
export class RejectCounts {
  readonly #byReason = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** By reason and field, for example `invalid_timestamp (TS-Date)`; fields beyond the limit are counted by reason alone. */
  get byReason(): ReadonlyMap<string, number> {
    return this.#byReason;
  }

  /** @returns how many rejected records with this reason and field were counted before */
  add(reason: string, field: string | null): number {
    this.#total += 1;
    const named = field === null ? reason : `${reason} (${shortened(field)})`;
    const counted = this.#byReason.has(named) || this.#byReason.size < MOST_REASONS ? named : reason;
    const before = this.#byReason.get(counted) ?? 0;
    this.#byReason.set(counted, before + 1);
    return before;
  }
}

function shortened(field: string): string {
  const name = field.replaceAll("\0", "\\u0000");
  // A part of a string keeps all of it in memory; a string made of bytes does not.
  return name.length > LONGEST_FIELD ? Buffer.from(`${name.slice(0, LONGEST_FIELD)}…`).toString() : name;
}
