/** Smaller ones are seldom a buffer of their own, and not worth the call. */
const MIN_BYTES = 16 * 1024;

/**
 * Frees the memory of a chunk of a document that nobody needs any more; the chunk is empty then.
 *
 * V8 does not see this memory as its own, so it would wait until some 30 MB of chunks that nobody needs make it mark its
 * whole heap: 20 times in a first load of comments, which cost a fifth of the loader's CPU time.
 *
 * @param chunk one that shares its memory with others is left alone
 */
export function freeChunk({ buffer, length }: Buffer): void {
  const isWhole = length === buffer.byteLength;
  if (isWhole && length >= MIN_BYTES && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
