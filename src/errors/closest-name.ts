import leven from "leven";

/** With more changed letters than this, the name is another word and not a typing error. */
const MAX_TYPOS = 3;

/** The known name that was probably meant by another one; undefined when none is similar. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const [best] = known.toSorted((a, b) => leven(name, a) - leven(name, b));
  return best !== undefined && leven(name, best) <= MAX_TYPOS ? best : undefined;
}
