/**
 * The meaning of a colour. `charts.css` has one colour each for light and dark mode, safe for the colour-blind. The ages go
 * from new to old, from pale to strong.
 */
export type Tone =
  "primary" | "secondary" | "quiet" | "alarm" | "age-1" | "age-2" | "age-3" | "age-4" | "age-5";

/** Must be distinguishable from `primary` without colour, so areas are hatched and lines are dashed. */
export const TEXTURED: Tone = "secondary";
