import { COPY_HEADER } from "./copy-binary.ts";

/** A row begins with the number of its values, and a value with its length; both in network order. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/** Stands for the number of values behind the last row. */
const END = -1;

/**
 * Reads rows from COPY's binary format whose values have fixed lengths and are never null.
 *
 * @param lengths of the values of a row, in bytes
 * @param onRow receives each row: where its values begin in `bytes`, valid only during the call
 */
export async function readCopyRows(
  chunks: AsyncIterable<Buffer>,
  lengths: readonly number[],
  onRow: (bytes: Buffer, offsets: readonly number[]) => void,
): Promise<void> {
  const offsets = lengths.map(() => 0);
  const rowBytes = lengths.reduce((bytes, length) => bytes + LENGTH_BYTES + length, COUNT_BYTES);
  let toSkip = COPY_HEADER.length;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = Math.min(toSkip, bytes.length);
    toSkip -= at;
    while (at + rowBytes <= bytes.length && bytes.readInt16BE(at) !== END) {
      let value = at + COUNT_BYTES;
      for (const [index, length] of lengths.entries()) {
        offsets[index] = value + LENGTH_BYTES;
        value += LENGTH_BYTES + length;
      }
      onRow(bytes, offsets);
      at += rowBytes;
    }
    rest = bytes.subarray(at);
  }
}
