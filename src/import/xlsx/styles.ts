import type { Archive } from "./archive.ts";
import { type TimeFormat, timeFormatOf } from "./number-format.ts";
import { readXml } from "./xml-reader.ts";

/** The time format of each style of cells, by the style's number; undefined for a style that shows no time. */
export async function readTimeStyles(
  archive: Archive,
  part: string,
  maxTextBytes: number,
): Promise<readonly (TimeFormat | undefined)[]> {
  const codes = new Map<number, string>();
  const formats: number[] = [];
  /** Conditional formats (`dxfs`) have elements of the same names, with numbers of their own. */
  let list: "numFmts" | "cellXfs" | undefined;
  await readXml(
    part,
    archive.read(part),
    {
      open: (element, attributes) => {
        if (element === "numFmts" || element === "cellXfs") list = element;
        else if (element === "numFmt" && list === "numFmts") {
          codes.set(Number(attributes["numFmtId"]), attributes["formatCode"] ?? "");
        } else if (element === "xf" && list === "cellXfs") formats.push(Number(attributes["numFmtId"] ?? 0));
      },
      text: () => undefined,
      close: (element) => {
        if (element === list) list = undefined;
      },
    },
    maxTextBytes,
  );
  return formats.map((id) => timeFormatOf(id, codes.get(id)));
}
