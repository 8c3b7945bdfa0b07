import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { decodeContent, decompressFile } from "../../../src/source/decompress.ts";
import { fileSource } from "../../../src/source/file-source.ts";
import { openGate } from "../../../src/source/request-gate.ts";
import { SourceError } from "../../../src/errors/source-error.ts";

const document = Buffer.from(
  JSON.stringify(Array.from({ length: 120 }, (_, id) => ({ id, name: `ticket ${id * 7919}` }))),
);
const stream = (...chunks: readonly Buffer[]) => Readable.from(chunks, { objectMode: false });
const byteByByte = (bytes: Buffer) => stream(...[...bytes.keys()].map((at) => bytes.subarray(at, at + 1)));
const decoded = (encoding: string, ...chunks: readonly Buffer[]) =>
  buffer(decodeContent(stream(...chunks), encoding));

const encodings = [
  ["gzip", gzipSync(document)],
  ["x-gzip", gzipSync(document)],
  ["deflate", deflateSync(document)],
  ["br", brotliCompressSync(document)],
  ["zstd", zstdCompressSync(document)],
] as const;

const folder = await mkdtemp(join(tmpdir(), "otc-decompress-"));
afterAll(() => rm(folder, { recursive: true }));

describe.each(encodings)("a response in %s", (encoding, compressed) => {
  it("is decompressed unchanged", async () => {
    expect(await decoded(encoding, compressed)).toEqual(document);
    expect(await buffer(decodeContent(byteByByte(compressed), encoding))).toEqual(document);
  });

  it("fails when any end of it is missing", async () => {
    const lengths = [
      0,
      1,
      2,
      5,
      10,
      compressed.length >> 1,
      ...[12, 8, 4, 3, 2, 1].map((n) => compressed.length - n),
    ];
    for (const length of lengths) {
      await expect(decoded(encoding, compressed.subarray(0, length)), `${length} bytes`).rejects.toThrow();
    }
  });

  it("fails when it is other data", async () => {
    await expect(decoded(encoding, Buffer.from("<html>Bad gateway</html>"))).rejects.toThrow();
  });
});

describe("a response's encoding", () => {
  it("may be absent, in any spelling of that", async () => {
    for (const none of ["", "identity", " Identity ", ","])
      expect(await decoded(none, document)).toEqual(document);
  });

  it("is read in any case", async () => {
    expect(await decoded(" GZip ", gzipSync(document))).toEqual(document);
  });

  it("may be several, undone from the last to the first", async () => {
    expect(await decoded("gzip, identity, zstd", zstdCompressSync(gzipSync(document)))).toEqual(document);
    await expect(decoded("zstd, gzip", zstdCompressSync(gzipSync(document)))).rejects.toThrow();
  });

  it("may be gzip of several members", async () => {
    const half = document.length >> 1;
    const members = Buffer.concat([gzipSync(document.subarray(0, half)), gzipSync(document.subarray(half))]);
    expect(await decoded("gzip", members)).toEqual(document);
  });

  it.each(["compress", "gzip, snappy", "__proto__", "constructor"])(
    "that is not supported is rejected: %s",
    (encoding) => {
      const body = stream(document);
      expect(() => decodeContent(body, encoding)).toThrow(SourceError);
    },
  );
});

describe("a file", () => {
  const forms = [
    ["plain", document],
    ["gzip", gzipSync(document)],
    ["zstd", zstdCompressSync(document)],
  ] as const;

  it.each(forms)(
    "in %s is detected by its first bytes, whatever its name and chunks",
    async (form, bytes) => {
      const path = join(folder, `${form}.txt`);
      await writeFile(path, bytes);
      const source = fileSource(path, stream());
      const chunks = await source.open(new AbortController().signal, openGate);
      expect(await buffer(Readable.from(chunks))).toEqual(document);
      expect(source).toMatchObject({ origin: path, kind: "file" });

      const [first, rest] = [bytes.subarray(0, 1), bytes.subarray(1)];
      for (const file of [stream(bytes), stream(first, rest), byteByByte(bytes)]) {
        expect(await buffer(await decompressFile(file))).toEqual(document);
      }
    },
  );

  it("of a few bytes is passed on unchanged, and an empty one is empty", async () => {
    for (const text of ["", "1", "[]", "[1]", "\u001f"]) {
      expect(await buffer(await decompressFile(stream(Buffer.from(text))))).toEqual(Buffer.from(text));
      const path = join(folder, "short");
      await writeFile(path, text);
      const chunks = await fileSource(path, stream()).open(new AbortController().signal, openGate);
      expect(await buffer(Readable.from(chunks))).toEqual(Buffer.from(text));
    }
  });

  it.each(forms.slice(1))(
    "in %s that was cut short cannot be read, and the message names it",
    async (form, bytes) => {
      const path = join(folder, `cut-${form}`);
      await writeFile(path, bytes.subarray(0, -1));
      const chunks = await fileSource(path, stream()).open(new AbortController().signal, openGate);
      await expect(buffer(Readable.from(chunks))).rejects.toMatchObject({
        code: "source",
        message: expect.stringContaining(path),
      });
    },
  );

  it("that does not exist, or is a folder, cannot be opened", async () => {
    const { signal } = new AbortController();
    await expect(fileSource(join(folder, "absent"), stream()).open(signal, openGate)).rejects.toMatchObject({
      code: "source",
    });
    await expect(fileSource(folder, stream()).open(signal, openGate)).rejects.toThrow("it is not a file");
  });

  it("called - is standard input", async () => {
    const source = fileSource("-", stream(gzipSync(document)));
    expect(source.origin).toBe("standard input");
    expect(await buffer(Readable.from(await source.open(new AbortController().signal, openGate)))).toEqual(
      document,
    );
  });

  it("is closed when its reader stops early", async () => {
    for (const [, bytes] of forms) {
      const file = stream(...Array.from({ length: 50 }, () => bytes));
      for await (const chunk of await decompressFile(file)) {
        expect(chunk).not.toHaveLength(0);
        break;
      }
      await expect.poll(() => file.destroyed).toBe(true);
    }
  });
});
