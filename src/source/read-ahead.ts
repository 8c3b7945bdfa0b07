import { resumed } from "./resumed.ts";

/** The beginning of a stream, and all of it. */
interface ReadAhead {
  /** Whether the stream ended within the beginning. */
  readonly ended: boolean;
  /** The whole stream, from its first byte; to be read once, also when nothing of it is wanted. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Waits until a stream has brought so many bytes, or has ended, to tell the long from the short.
 *
 * @param onRead told how many there are so far
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
