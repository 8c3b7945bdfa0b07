import { resumed } from "./resumed.ts";

/** The beginning of a stream, and all of it. */
interface ReadAhead {
  /** Whether the stream ended within the beginning. */
  readonly ended: boolean;
  /** The whole stream, from its first byte. It must be read once, even when the caller needs nothing of it. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Reads the given number of bytes from a stream, or fewer if it ends before, to find out whether the stream is long.
 *
 * @param onRead receives the number of bytes read so far
 */
export async function readAhead(
  stream: AsyncIterable<Buffer>,
  bytes: number,
  onRead: (bytes: number) => void,
): Promise<ReadAhead> {
  const iterator = stream[Symbol.asyncIterator]();
  const beginning: Buffer[] = [];
  let read = 0;
  let ended = false;
  while (!ended && read < bytes) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else {
      beginning.push(next.value);
      read += next.value.length;
      onRead(read);
    }
  }
  return { ended, chunks: resumed(beginning, iterator) };
}
