/** How many characters PostgreSQL cannot hold were taken out or replaced, so that the run can say so. */
export interface TextRepairs {
  /** U+0000, removed. */
  nulsRemoved: number;
  /** Halves of surrogate pairs, replaced by U+FFFD. */
  surrogatesReplaced: number;
}

/** Half of a surrogate pair without the other half. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** The string as PostgreSQL can hold it; what that changed is added to `repairs`. */
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
