/**
 * A frame that a decoder has to skip (RFC 8878, section 3.1.2); pzstd begins its files with one.
 *
 * @param kind from 0 to 15
 */
export function skippableFrame(content: Buffer, kind = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a50 + kind, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}
