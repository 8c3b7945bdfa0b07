import { COPY_HEADER } from "./copy-binary.ts";

/** A row begins with the number of its values, and a value with its length; both in network order. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/** Stands for the number of values behind the last row. */
const END = -1;

/** Stands for the length of a value that is null. */
const NULL = -1;

/**
 * Reads rows from COPY's binary format.
 *
 * @param columns how many values a row has
 * @param onRow receives each row: where its values begin in `bytes`, undefined for one that is null; valid only during
 *   the call
 */
export async function readCopyRows(
  chunks: AsyncIterable<Buffer>,
  columns: number,
  onRow: (bytes: Buffer, offsets: readonly (number | undefined)[]) => void,
): Promise<void> {
  const offsets = new Array<number | undefined>(columns).fill(undefined);
  let toSkip = COPY_HEADER.length;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = Math.min(toSkip, bytes.length);
    toSkip -= at;
    for (let end = endOfRow(bytes, at, offsets); end !== undefined; end = endOfRow(bytes, at, offsets)) {
      onRow(bytes, offsets);
      at = end;
    }
    rest = bytes.subarray(at);
  }
}

/**
 * Finds the values of the row at `at`.
 *
 * @returns where it ends (exclusive); undefined when it is not complete, or there is no further row
 */
function endOfRow(bytes: Buffer, at: number, offsets: (number | undefined)[]): number | undefined {
  let value = at + COUNT_BYTES;
  if (value > bytes.length || bytes.readInt16BE(at) === END) return undefined;
  for (let index = 0; index < offsets.length; index += 1) {
    const start = value + LENGTH_BYTES;
    if (start > bytes.length) return undefined;
    const length = bytes.readInt32BE(value);
    offsets[index] = length === NULL ? undefined : start;
    value = length === NULL ? start : start + length;
  }
  return value > bytes.length ? undefined : value;
}
