import { OtcError } from "../../errors/otc-error.ts";

/** The value of `--map`: a name in the file, and the view's field that it means. */
export interface ColumnMapping {
  readonly theirs: string;
  readonly field: string;
}

/**
 * Reads `Their name=TKT-Title`. The name in the file may contain an equals sign; no field of a view does.
 *
 * @throws OtcError `usage`
 */
export function parseColumnMapping(text: string): ColumnMapping {
  const equals = text.lastIndexOf("=");
  const [theirs, field] = [text.slice(0, Math.max(equals, 0)).trim(), text.slice(equals + 1).trim()];
  if (theirs !== "" && field !== "") return { theirs, field };
  throw new OtcError("usage", `--map is ${JSON.stringify(text)}.`, {
    remedy: 'Give the name in the file and the field that it means, as "Their name=TKT-Title".',
  });
}
