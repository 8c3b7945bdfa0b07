/** What a run can be for. */
export const RUN_KINDS = ["load", "replay", "import", "retry"] as const;

/**
 * What a run is for. Only a `load` tells what OTC has now; the others bring in what was fetched before, and neither the
 * shrink guard nor anything that judges how fresh the data is looks at them.
 */
export type RunKind = (typeof RUN_KINDS)[number];
