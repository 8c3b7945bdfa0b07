/** How many characters that PostgreSQL cannot store were removed or replaced. The run's record contains these counts. */
export interface TextRepairs {
  /** U+0000, removed. */
  nulsRemoved: number;
  /** Halves of surrogate pairs, replaced by U+FFFD. */
  surrogatesReplaced: number;
}

/** Half of a surrogate pair without the other half. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** The string in a form that PostgreSQL can store. The changes are added to `repairs`. */
export function storableText(value: string, repairs: TextRepairs): string {
  let stored = value;
  if (stored.includes("\0")) {
    stored = stored.replaceAll("\0", "");
    repairs.nulsRemoved += value.length - stored.length;
  }
  if (!stored.isWellFormed()) {
    stored = stored.replace(LONE_SURROGATE, () => {
      repairs.surrogatesReplaced += 1;
      return "\uFFFD";
    });
  }
  return stored;
}
