import { expect, test } from "vitest";
import { freeChunk } from "../../../src/source/free-chunk.ts";

const BYTES = 64 * 1024;

test("the memory of a whole chunk is freed at once", () => {
  const chunk = Buffer.alloc(BYTES, 1);
  const { buffer } = chunk;
  freeChunk(chunk);
  expect([chunk.length, buffer.byteLength]).toEqual([0, 0]);
});

test.each([
  ["a part of a larger buffer", Buffer.alloc(2 * BYTES, 1).subarray(0, BYTES)],
  ["a small chunk, as Node cuts them from a common buffer", Buffer.from("a small chunk")],
  ["memory that another thread shares", Buffer.from(new SharedArrayBuffer(BYTES)).fill(1)],
])("%s is left alone", (_, chunk) => {
  const before = Buffer.from(chunk);
  freeChunk(chunk);
  expect(chunk.equals(before)).toBe(true);
});
