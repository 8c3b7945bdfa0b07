/** A field of a message in Protocol Buffers: its number, and a number or bytes. */
interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Reads the fields of a message, which says nothing of their names (https://protobuf.dev/programming-guides/encoding). */
export function protobufFields(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(offset++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => message.subarray(offset, (offset += length));
  while (offset < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: bytes(8).readBigUInt64LE() });
        break;
      case 2:
        fields.push({ number, value: bytes(Number(varint())) });
        break;
      case 5:
        fields.push({ number, value: BigInt(bytes(4).readUInt32LE()) });
        break;
      default:
        throw new Error(`Field ${number} is of an unknown type.`);
    }
  }
  return fields;
}
