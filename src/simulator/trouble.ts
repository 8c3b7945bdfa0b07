/** What can go wrong at the service: it answers with 503, or its document ends early. */
export type Trouble = "unavailable" | "cut-short";

/** The document without the second half of its last chunk, as if the service had stopped while it was writing. */
export function* cutShort(document: Iterable<Buffer>): Generator<Buffer, void, undefined> {
  let last: Buffer | undefined;
  for (const chunk of document) {
    if (last !== undefined) yield last;
    last = chunk;
  }
  if (last !== undefined) yield last.subarray(0, Math.floor(last.length / 2));
}
