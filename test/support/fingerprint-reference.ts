import { createHash } from "node:crypto";

// The hash of docs/adr/0024-fingerprints-in-webassembly.md, written for reading, with none of the module's code.

const STRIDE = 32;
const HALF = STRIDE / 2;
const ROUNDS = 4;
const BLOCK = 4096;
const DIGEST = 8 * ROUNDS;
const KEY = BLOCK + (ROUNDS - 1) * STRIDE;
const LEVELS = 4;
const WORD = 4;

const mask64 = (value: bigint) => BigInt.asUintN(64, value);

/** The fingerprint of a record under a key, as its 16 bytes in hexadecimal digits. */
export function referenceFingerprint(key: Uint8Array, record: Buffer): string {
  const keys = createHash("shake256", { outputLength: LEVELS * KEY + 16 })
    .update("otc-etl: fingerprints of records\n")
    .update(key)
    .digest();
  let message = record;
  let level = 0;
  do {
    const levelKey = keys.subarray(level * KEY, (level + 1) * KEY);
    const digests: Buffer[] = [];
    for (let from = 0; from < message.length; from += BLOCK) {
      digests.push(hashBlock(levelKey, message.subarray(from, from + BLOCK)));
    }
    message = Buffer.concat(digests);
    level += 1;
  } while (message.length > DIGEST);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(record.length));
  return sipHash128(keys.subarray(LEVELS * KEY), Buffer.concat([message, length])).toString("hex");
}

/** For each round the sum of the products of 32-bit words, each 16 bytes apart, with a part of the key added to both. */
function hashBlock(key: Buffer, bytes: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil(bytes.length / STRIDE) * STRIDE);
  bytes.copy(padded);
  const digest = Buffer.alloc(DIGEST);
  for (let round = 0; round < ROUNDS; round += 1) {
    const plusKey = (offset: number) =>
      BigInt((padded.readUInt32LE(offset) + key.readUInt32LE(offset + round * STRIDE)) % 2 ** 32);
    let sum = 0n;
    for (let stride = 0; stride < padded.length; stride += STRIDE) {
      for (let word = stride; word < stride + HALF; word += WORD) {
        sum += plusKey(word) * plusKey(word + HALF);
      }
    }
    digest.writeBigUInt64LE(mask64(sum), 8 * round);
  }
  return digest;
}

/** SipHash-2-4 with 128 bits. */
export function sipHash128(key: Buffer, message: Buffer): Buffer {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rotate = (value: bigint, bits: bigint) => mask64((value << bits) | (value >> (64n - bits)));
  const mix = (rounds: number) => {
    for (let round = 0; round < rounds; round += 1) {
      v0 = mask64(v0 + v1);
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = mask64(v2 + v3);
      v3 = rotate(v3, 16n) ^ v2;
      v0 = mask64(v0 + v3);
      v3 = rotate(v3, 21n) ^ v0;
      v2 = mask64(v2 + v1);
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const padded = Buffer.alloc(Math.floor(message.length / 8) * 8 + 8);
  message.copy(padded);
  padded[padded.length - 1] = message.length % 256;
  for (let offset = 0; offset < padded.length; offset += 8) {
    const word = padded.readBigUInt64LE(offset);
    v3 ^= word;
    mix(2);
    v0 ^= word;
  }
  const hash = Buffer.alloc(16);
  v2 ^= 0xeen;
  mix(4);
  hash.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 0);
  v1 ^= 0xddn;
  mix(4);
  hash.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 8);
  return hash;
}
