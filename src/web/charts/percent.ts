/**
 * A place or length as part of the drawing's width. Charts know no width in pixels: they fill what there is, and their
 * texts keep their size on a phone.
 *
 * @param part from 0 to 1
 */
export function percent(part: number): string {
  return `${Number((part * 100).toFixed(3))}%`;
}
