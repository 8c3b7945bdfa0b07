// AssemblyScript. The hash is described, with its bound, in docs/adr/0024-fingerprints-in-webassembly.md.

/** Bytes of a stride: the two halves of 16 bytes are multiplied with each other, 32 bits at a time. */
const STRIDE: usize = 32;
/** Bytes that one key hashes. */
const BLOCK: usize = 4096;
/** How often the same bytes are hashed, each time with the key one stride further on: 32 bits of the bound each. */
const ROUNDS: usize = 4;
/** Bytes of the hash of a block, one 64-bit sum for each round. */
const DIGEST: usize = ROUNDS * 8;
/** A tree of this many levels takes 8 GB, more than the memory of a module. */
const LEVELS: usize = 4;

const KEY: usize = BLOCK + (ROUNDS - 1) * STRIDE;
const SIPHASH_KEY: usize = 16;

export const KEYS_BYTES: usize = LEVELS * KEY + SIPHASH_KEY;

/** The key of each level, then that of SipHash; the host writes them before anything is hashed. */
export const keys: usize = memory.data(<i32>(LEVELS * KEY + SIPHASH_KEY), 16);

/** The hashes of the blocks below, for each level above the first. */
const digests: usize = memory.data(<i32>((LEVELS - 1) * BLOCK), 16);
/** The digest of the whole, then its length. */
const top: usize = memory.data(<i32>(DIGEST + 8), 16);
/** From `edge + 32 - n`, the mask that keeps the first n bytes of a stride. */
const edge: usize = memory.data<u64>([-1, -1, -1, -1, 0, 0, 0, 0], 16);

/** Writes the fingerprint of some bytes. Up to 31 bytes behind them are read, and do not count. */
export function writeFingerprint(from: usize, length: usize, to: usize): void {
  let level: usize = 0;
  for (let span: u64 = BLOCK; span < length; span *= BLOCK / DIGEST) level += 1;
  hashTree(level, from, length, top);
  store<u64>(top, length, DIGEST);
  sipHash(top, to);
}

/** Hashes blocks, then the hashes of blocks, each level with a key of its own, until one is left. */
function hashTree(level: usize, from: usize, length: usize, to: usize): void {
  if (level === 0) {
    hashBlock(keys, from, length, to);
    return;
  }
  let span = BLOCK;
  for (let below: usize = 1; below < level; below += 1) span *= BLOCK / DIGEST;
  const parts = digests + (level - 1) * BLOCK;
  let part = parts;
  while (length > 0) {
    const taken = min(span, length);
    hashTree(level - 1, from, taken, part);
    part += DIGEST;
    from += taken;
    length -= taken;
  }
  hashBlock(keys + level * KEY, parts, part - parts, to);
}

/** NH with a Toeplitz key (Black, Halevi, Krawczyk, Krovetz and Rogaway, UMAC, 1999), of at most a block. */
function hashBlock(key: usize, from: usize, length: usize, to: usize): void {
  let sum0 = i64x2.splat(0);
  let sum1 = i64x2.splat(0);
  let sum2 = i64x2.splat(0);
  let sum3 = i64x2.splat(0);
  const end = from + length;
  for (; from < end; from += STRIDE, key += STRIDE) {
    let left = v128.load(from);
    let right = v128.load(from, 16);
    if (end - from < STRIDE) {
      const mask = edge + STRIDE - (end - from);
      left = v128.and(left, v128.load(mask));
      right = v128.and(right, v128.load(mask, 16));
    }
    let a = i32x4.add(left, v128.load(key));
    let b = i32x4.add(right, v128.load(key, 16));
    sum0 = addProducts(sum0, a, b);
    a = i32x4.add(left, v128.load(key, 32));
    b = i32x4.add(right, v128.load(key, 48));
    sum1 = addProducts(sum1, a, b);
    a = i32x4.add(left, v128.load(key, 64));
    b = i32x4.add(right, v128.load(key, 80));
    sum2 = addProducts(sum2, a, b);
    a = i32x4.add(left, v128.load(key, 96));
    b = i32x4.add(right, v128.load(key, 112));
    sum3 = addProducts(sum3, a, b);
  }
  store<u64>(to, sumLanes(sum0));
  store<u64>(to, sumLanes(sum1), 8);
  store<u64>(to, sumLanes(sum2), 16);
  store<u64>(to, sumLanes(sum3), 24);
}

function addProducts(sum: v128, a: v128, b: v128): v128 {
  return i64x2.add(i64x2.add(sum, i64x2.extmul_low_i32x4_u(a, b)), i64x2.extmul_high_i32x4_u(a, b));
}

function sumLanes(sum: v128): u64 {
  return i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
}

/** SipHash-2-4 with 128 bits (Aumasson and Bernstein) of the 40 bytes of a digest and a length. */
function sipHash(from: usize, to: usize): void {
  const key = keys + LEVELS * KEY;
  const k0 = load<u64>(key);
  const k1 = load<u64>(key, 8);
  let v0 = k0 ^ 0x736f6d6570736575;
  let v1 = k1 ^ 0x646f72616e646f6d ^ 0xee;
  let v2 = k0 ^ 0x6c7967656e657261;
  let v3 = k1 ^ 0x7465646279746573;
  for (let step: usize = 0; step < 8; step += 1) {
    let word: u64 = 0;
    let rounds = 2;
    if (step < 6) {
      word = step < 5 ? load<u64>(from + step * 8) : (40 as u64) << 56;
      v3 ^= word;
    } else {
      rounds = 4;
      if (step === 6) {
        v2 ^= 0xee;
      } else {
        store<u64>(to, v0 ^ v1 ^ v2 ^ v3);
        v1 ^= 0xdd;
      }
    }
    for (; rounds > 0; rounds -= 1) {
      v0 += v1;
      v1 = rotl(v1, 13) ^ v0;
      v0 = rotl(v0, 32);
      v2 += v3;
      v3 = rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = rotl(v1, 17) ^ v2;
      v2 = rotl(v2, 32);
    }
    v0 ^= word;
  }
  store<u64>(to, v0 ^ v1 ^ v2 ^ v3, 8);
}
