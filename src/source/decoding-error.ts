/** Compressed data that cannot be decompressed to its end: it was cut short or damaged, or other data follows it. */
export class DecodingError extends Error {
  override readonly name = "DecodingError";
}
