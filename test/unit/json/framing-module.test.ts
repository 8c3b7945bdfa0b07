import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FRAMING_MODULE, renderFramingModule } from "../../../scripts/compiled-webassembly.ts";

test("src/json/framing-module-bytes.ts is what assembly/ compiles to (else: npm run wasm)", async () => {
  expect(await readFile(FRAMING_MODULE, "utf8")).toBe(renderFramingModule());
}, 60_000);
