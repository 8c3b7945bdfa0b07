import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ZstdFrames } from "../../../src/source/zstd-frames.ts";
import { skippableFrame } from "../../support/zstd-frame.ts";

const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  // Blocks of one repeated byte, and contents of several blocks whose size takes two or four bytes to tell.
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 400_000 }))
    .map(([byte, length]) => Buffer.alloc(length, byte)),
);

const frame = fc
  .tuple(content, fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 20 }))
  .map(([bytes, checksum, size, kind]) =>
    kind < 16
      ? zstdCompressSync(bytes, {
          params: {
            [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
            [constants.ZSTD_c_contentSizeFlag]: size ? 1 : 0,
          },
        })
      : skippableFrame(bytes.subarray(0, 100), kind - 16),
  );

it("knows for every byte of zstd data whether a frame ends with it", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 50 }),
      (frames, step) => {
        const ends = new Set<number>();
        let end = 0;
        for (const { length } of frames) ends.add((end += length));
        const data = Buffer.concat(frames);
        const byByte = new ZstdFrames();
        expect(byByte.isComplete).toBe(false);
        for (let index = 0; index < data.length; index += 1) {
          byByte.push(data.subarray(index, index + 1));
          if (byByte.isComplete !== ends.has(index + 1)) expect.fail(`after byte ${index + 1}`);
        }
        const inChunks = new ZstdFrames();
        for (let index = 0; index < data.length; index += step)
          inChunks.push(data.subarray(index, index + step));
        expect(inChunks.isComplete).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

it("never accepts data as complete if other data follows", () => {
  const frames = new ZstdFrames();
  frames.push(Buffer.concat([zstdCompressSync("content"), Buffer.from("junk, junk, junk")]));
  expect(frames.isComplete).toBe(false);
});
