/**
 * What a colour says; `charts.css` has one for light and one for dark, safe for the colour-blind. The ages go from new to
 * old, from what hardly shows to what stands out.
 */
export type Tone =
  "primary" | "secondary" | "quiet" | "alarm" | "age-1" | "age-2" | "age-3" | "age-4" | "age-5";

/** Stands beside `primary` and must be told from it without colour: hatched as an area, dashed as a line. */
export const TEXTURED: Tone = "secondary";
