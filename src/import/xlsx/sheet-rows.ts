import { SourceError } from "../../errors/source-error.ts";
import type { Cell, Row } from "../table.ts";
import type { Archive } from "./archive.ts";
import type { SerialTime } from "./calendar.ts";
import { cellNumber } from "./cell-number.ts";
import { unescapedText } from "./escaped-text.ts";
import type { TimeFormat } from "./number-format.ts";
import { StringItem } from "./string-item.ts";
import { type XmlAttributes, XmlReader } from "./xml-reader.ts";

/** The last column of a sheet is XFD. */
const MAX_COLUMNS = 16_384;

/** The spellings of XML and of people. Any other is passed on unchanged, and is a bad value in a boolean column. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

/** What the cells of a sheet refer to. */
export interface SheetContext {
  /** Returns the text with a number in the table of shared strings. */
  readonly sharedString: (index: number) => string | undefined;
  /** The time format of each style, by the style's number. */
  readonly timeStyles: readonly (TimeFormat | undefined)[];
  readonly timeOf: SerialTime;
  readonly maxTextBytes: number;
}

/** The rows of a sheet that are not empty, including rows that are hidden or filtered out. */
export async function* sheetRows(archive: Archive, part: string, context: SheetContext): AsyncGenerator<Row> {
  let rows: Row[] = [];
  const cells = new SheetCells(part, context, (row) => rows.push(row));
  const reader = new XmlReader(part, cells, context.maxTextBytes);
  for await (const chunk of archive.read(part)) {
    reader.write(chunk);
    yield* rows;
    rows = [];
  }
  reader.end();
}

/** Follows a sheet's XML from cell to cell (ECMA-376, part 1, section 18.3.1). */
class SheetCells {
  readonly #part: string;
  readonly #context: SheetContext;
  readonly #onRow: (row: Row) => void;
  readonly #item = new StringItem();
  #row: Cell[] = [];
  #rowBytes = 0;
  #column = -1;
  #inCell = false;
  #type = "n";
  #style = 0;
  /** Which of a cell's own texts is being read. */
  #reading: "value" | "formula" | "inline" | undefined;
  #value = "";
  #hasValue = false;
  #hasInline = false;
  #formula: string | undefined;

  constructor(part: string, context: SheetContext, onRow: (row: Row) => void) {
    this.#part = part;
    this.#context = context;
    this.#onRow = onRow;
  }

  readonly open = (element: string, attributes: XmlAttributes): void => {
    switch (element) {
      case "row":
        this.#row = [];
        this.#rowBytes = 0;
        this.#column = -1;
        break;
      case "c":
        this.#beginCell(attributes);
        break;
      case "v":
        this.#reading = "value";
        this.#hasValue = true;
        break;
      case "f":
        this.#reading = "formula";
        this.#formula = "";
        break;
      case "is":
        this.#reading = "inline";
        this.#hasInline = true;
        break;
      default:
        if (this.#reading === "inline") this.#item.open(element);
    }
  };

  readonly text = (text: string): void => {
    if (!this.#inCell) return;
    if (this.#reading === "value") this.#value += text;
    else if (this.#reading === "formula") this.#formula = (this.#formula ?? "") + text;
    else if (this.#reading === "inline") this.#item.text(text);
  };

  readonly close = (element: string): void => {
    switch (element) {
      case "row":
        if (this.#row.some((cell) => cell !== null && cell !== "")) this.#onRow(this.#row);
        this.#row = [];
        break;
      case "c":
        this.#endCell();
        break;
      case "v":
      case "f":
      case "is":
        this.#reading = undefined;
        break;
      default:
        if (this.#reading === "inline") this.#item.close(element);
    }
  };

  #beginCell(attributes: XmlAttributes): void {
    const { r: address, t: type = "n", s: style = "0" } = attributes;
    this.#column = address === undefined ? this.#column + 1 : columnOf(address);
    if (!(this.#column >= 0 && this.#column < MAX_COLUMNS)) {
      throw this.#damaged(`has a cell at ${JSON.stringify(address ?? "")}`);
    }
    this.#inCell = true;
    this.#type = type;
    this.#style = Number(style);
    this.#value = "";
    this.#hasValue = false;
    this.#hasInline = false;
    this.#formula = undefined;
    this.#item.begin();
  }

  #endCell(): void {
    this.#inCell = false;
    const cell = this.#cell();
    if (cell === null) return;
    if (typeof cell === "string") this.#rowBytes += cell.length;
    if (this.#rowBytes > this.#context.maxTextBytes) {
      throw new SourceError(
        "document",
        `${this.#part} has a row of more than ${this.#context.maxTextBytes} bytes.`,
        { remedy: "If such rows are expected, raise OTC_MAX_RECORD_BYTES." },
      );
    }
    while (this.#row.length < this.#column) this.#row.push(null);
    this.#row[this.#column] = cell;
  }

  #cell(): Cell {
    switch (this.#type) {
      case "s": {
        if (this.#value === "") return null;
        const text = this.#context.sharedString(Number(this.#value));
        if (text === undefined)
          throw this.#damaged(`names a shared string ${this.#value} that does not exist`);
        return text;
      }
      case "inlineStr":
        return this.#hasInline ? this.#item.value : this.#text();
      case "b":
        return BOOLEANS.get(this.#value.trim().toLowerCase()) ?? this.#text();
      case "n": {
        // A formula that was never computed has no value, but its cell is not empty.
        if (this.#value === "") return this.#formula === undefined ? null : `=${this.#formula}`;
        const number = cellNumber(this.#value);
        const format = this.#context.timeStyles[this.#style];
        return format === undefined || typeof number === "string"
          ? number
          : this.#context.timeOf(number, format);
      }
      // A formula's text may be empty. Without a stored value, the result is unknown and may not be a text.
      case "str":
        return this.#hasValue ? unescapedText(this.#value) : null;
      default:
        return this.#text();
    }
  }

  /** An error such as #N/A, an ISO date, or a value of another type than the cell's, unchanged. */
  #text(): string | null {
    return this.#value === "" ? null : unescapedText(this.#value);
  }

  #damaged(what: string): SourceError {
    return new SourceError("document", `The workbook is damaged: ${this.#part} ${what}.`, {
      remedy: "Nothing was loaded from it. Open it in Excel and save it again.",
    });
  }
}

/** The column of an address such as `AB12`, counted from 0; -1 when it names none. */
function columnOf(address: string): number {
  let column = 0;
  for (let index = 0; index < address.length; index += 1) {
    const letter = address.charCodeAt(index) - 0x40;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  return column - 1;
}
