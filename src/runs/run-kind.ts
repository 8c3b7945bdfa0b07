/** The kinds of runs. */
export const RUN_KINDS = ["load", "replay", "import", "retry"] as const;

/**
 * The kind of a run. Only a `load` shows what OTC sends now. The other kinds load older data, so that the shrink guard and
 * every judgement of the data's age ignore them.
 */
export type RunKind = (typeof RUN_KINDS)[number];
