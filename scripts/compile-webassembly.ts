// Compiles assembly/ into the file of src/ that holds the module: npm run wasm
import { writeFileSync } from "node:fs";
import { FRAMING_MODULE, renderFramingModule } from "./compiled-webassembly.ts";

writeFileSync(FRAMING_MODULE, renderFramingModule());
