import type { NUMBER, STRING } from "../../json/record-fields.ts";

/** The meaning of a value's bytes: the text of a JSON string, or a JSON number. */
export type ScalarKind = typeof STRING | typeof NUMBER;
