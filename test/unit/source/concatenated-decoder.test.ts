import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeContent, decompressFile } from "../../../src/source/decompress.ts";
import { fileOf, recordsIn } from "../../support/record-file.ts";
import { skippableFrame } from "../../support/zstd-frame.ts";

const streamOf = (chunks: readonly Buffer[]) => Readable.from(chunks, { objectMode: false });

/** The bytes cut into pieces of that size. */
function pieces(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

const compressors = { gzip: gzipSync, zstd: zstdCompressSync } as const;

const part = fc.tuple(
  fc.oneof(
    fc.constant(Buffer.alloc(0)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
  fc.boolean(),
  fc.integer({ min: 0, max: 15 }),
);

describe.each(["gzip", "zstd"] as const)("concatenated %s", (encoding) => {
  const compress = compressors[encoding];

  it("is decompressed completely, from a file and from a response, wherever the chunks are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (parts, cuts) => {
          const content = Buffer.concat(
            parts.map(([bytes, skipped]) => (skipped && encoding === "zstd" ? Buffer.alloc(0) : bytes)),
          );
          const compressed = Buffer.concat(
            parts.map(([bytes, skipped, kind]) =>
              skipped && encoding === "zstd" ? skippableFrame(bytes, kind) : compress(bytes),
            ),
          );
          const places = [0, ...cuts.map((cut) => cut % compressed.length), compressed.length];
          places.sort((a, b) => a - b);
          const chunks = places.slice(1).map((end, index) => compressed.subarray(places[index], end));
          const given = chunks.filter((chunk) => chunk.length > 0);
          expect(await buffer(decodeContent(streamOf(given), encoding))).toEqual(content);
          expect(await buffer(await decompressFile(streamOf(given)))).toEqual(content);
        },
      ),
      { numRuns: 200 },
    );
  });

  const [first, second] = [compress(Buffer.from("the first part, ")), compress(Buffer.from("the second"))];
  const both = Buffer.concat([first, second]);

  it("is decompressed completely with a cut at any of its bytes, or at all of them", async () => {
    const cuts = [...both.keys()].slice(1).map((at) => [both.subarray(0, at), both.subarray(at)]);
    for (const chunks of [...cuts, [both], pieces(both, 1)]) {
      expect((await buffer(decodeContent(streamOf(chunks), encoding))).toString()).toBe(
        "the first part, the second",
      );
    }
  });

  it("is rejected if any end of its last part is missing", async () => {
    for (let length = first.length + 1; length < both.length; length += 1) {
      for (const size of [1, 7, both.length]) {
        await expect(
          buffer(decodeContent(streamOf(pieces(both.subarray(0, length), size)), encoding)),
          `${length} bytes in chunks of ${size}`,
        ).rejects.toThrow(/cut short/);
      }
    }
  });

  it("pauses its source while its output is not read", async () => {
    const parts = Array.from({ length: 400 }, () => compress(randomBytes(64 * 1024)));
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (const bytes of parts) {
          given += 1;
          yield bytes;
        }
      })(),
      { objectMode: false },
    );
    const decoded = decodeContent(source, encoding);
    let read = 0;
    for await (const chunk of decoded as AsyncIterable<Buffer>) {
      read += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      expect(given - Math.floor(read / (64 * 1024))).toBeLessThan(20);
    }
    expect(read).toBe(parts.length * 64 * 1024);
  });
});

describe("data after compressed data", () => {
  const content = Buffer.from("content");
  const garbage = [
    Buffer.from("junk, of which nobody knows what it is"),
    Buffer.from("\n"),
    Buffer.from("[]"),
  ];

  it.each([
    ["gzip", gzipSync(content)],
    ["deflate", deflateSync(content)],
    ["br", brotliCompressSync(content)],
    ["zstd", zstdCompressSync(content)],
  ] as const)("is refused, wherever the chunks are cut: %s", async (encoding, compressed) => {
    for (const rest of garbage) {
      const bytes = Buffer.concat([compressed, rest]);
      for (const size of [1, compressed.length, 5, bytes.length]) {
        await expect(
          buffer(decodeContent(streamOf(pieces(bytes, size)), encoding)),
          `${JSON.stringify(rest.toString())} in chunks of ${size}`,
        ).rejects.toMatchObject({ message: expect.stringMatching(new RegExp(`the ${encoding} data`)) });
      }
    }
  });

  it("may be zeros after gzip, as on tapes, but nothing else", async () => {
    const padded = Buffer.concat([gzipSync(content), gzipSync(content), Buffer.alloc(1000)]);
    for (const size of [1, 50, padded.length]) {
      expect((await buffer(decodeContent(streamOf(pieces(padded, size)), "gzip"))).toString()).toBe(
        "contentcontent",
      );
      const followed = Buffer.concat([padded, gzipSync(content)]);
      await expect(buffer(decodeContent(streamOf(pieces(followed, size)), "gzip"))).rejects.toThrow(
        `the gzip data ends at byte ${padded.length - 1000}, and other data follows`,
      );
    }
  });

  it("is rejected inside another encoding as well", async () => {
    const inner = Buffer.concat([brotliCompressSync(content), Buffer.from("junk")]);
    await expect(buffer(decodeContent(streamOf([gzipSync(inner)]), "br, gzip"))).rejects.toThrow(
      "the br data ends at byte",
    );
  });
});

describe("an import of a file of several frames", () => {
  const frames = Array.from({ length: 50 }, (_, index) => `${index === 0 ? "" : "\n"}{"id":${index}}`);

  it("has the records of all frames", async () => {
    const compressed = Buffer.concat([
      skippableFrame(Buffer.from("pzstd")),
      ...frames.map((text) => zstdCompressSync(text)),
    ]);
    expect(await recordsIn(await fileOf("a.ndjson.zst", compressed))).toEqual(
      frames.map((_, index) => ({ id: index })),
    );
  });

  it("fails when the last frame is cut short or other data follows", async () => {
    const compressed = Buffer.concat(frames.map((text) => zstdCompressSync(text)));
    const cut = await fileOf("cut.ndjson.zst", compressed.subarray(0, -1));
    await expect(recordsIn(cut)).rejects.toMatchObject({
      code: "source",
      message: expect.stringMatching(/Cannot read .*cut\.ndjson\.zst: the zstd data .*cut short/),
      remedy: expect.stringContaining("again"),
    });
    const followed = await fileOf("a.ndjson.zst", Buffer.concat([compressed, Buffer.from("garbage")]));
    await expect(recordsIn(followed)).rejects.toThrow(/other data follows/);
  });
});
