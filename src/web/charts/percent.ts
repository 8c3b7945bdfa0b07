/**
 * A place or length as a percentage of the drawing's width. Charts have no width in pixels: they fill the available width,
 * and their texts keep their size on a phone.
 *
 * @param part from 0 to 1
 */
export function percent(part: number): string {
  return `${Number((part * 100).toFixed(3))}%`;
}
