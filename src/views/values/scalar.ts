import type { NUMBER, STRING } from "../../json/record-fields.ts";

/** What the bytes of a value stand for: a JSON string's text, or a JSON number. */
export type ScalarKind = typeof STRING | typeof NUMBER;
