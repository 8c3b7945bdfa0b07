// AssemblyScript.

/** The white space of JSON. */
export function isSpace(byte: u8): bool {
  return byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
