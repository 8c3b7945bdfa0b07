import type { FieldNaming } from "./record-file.ts";
import type { Cell, Row, Table } from "./table.ts";

/** The document is handed on in pieces of about this many characters. */
const PIECE_CHARACTERS = 64 * 1024;

/** Where the values of one column of a table go. */
interface TargetColumn {
  /** `"TKT-Title":`, ready to stand before a value. */
  readonly prefix: string;
  /** Whether the document's reader knows the field: only then an empty cell says something, namely null. */
  readonly isKnown: boolean;
  readonly holdsTime: boolean;
}

/** The rows of a table as a JSON list of records, in bytes. */
export async function* tableDocument(table: Table, naming: FieldNaming): AsyncGenerator<Buffer> {
  const columns = targetColumns(table.header, naming);
  let text = "[";
  let separator = "";
  for await (const row of table.rows) {
    text += separator + recordOf(row, columns, table);
    separator = ",\n";
    if (text.length >= PIECE_CHARACTERS) {
      yield Buffer.from(text, "utf8");
      text = "";
    }
  }
  yield Buffer.from(`${text}]`, "utf8");
}

/** @returns a target for each column, of which those without a field of the document have names that differ */
function targetColumns(header: readonly string[], naming: FieldNaming): TargetColumn[] {
  const taken = new Set<string>();
  return header.map((name, index) => {
    const field = name === "" ? undefined : naming(name);
    const chosen = field?.name ?? distinctName(name === "" ? columnTitle(index) : name, taken);
    taken.add(chosen);
    return {
      prefix: `${JSON.stringify(chosen)}:`,
      isKnown: field !== undefined,
      holdsTime: field?.holdsTime ?? false,
    };
  });
}

function columnTitle(index: number): string {
  return `Column ${index + 1}`;
}

function distinctName(name: string, taken: ReadonlySet<string>): string {
  let distinct = name;
  for (let count = 2; taken.has(distinct); count += 1) distinct = `${name} (${count})`;
  return distinct;
}

function recordOf(row: Row, columns: readonly TargetColumn[], table: Table): string {
  const surplus = row.slice(columns.length);
  // A list is no record: it goes to quarantine, whole.
  if (table.placed === "by counting" && surplus.some((cell) => cell !== null)) return JSON.stringify(row);
  let fields = "";
  for (let index = 0; index < row.length; index += 1) {
    const cell = row[index] as Cell;
    const column = columns[index];
    if (cell === null && column?.isKnown !== true) continue;
    if (fields !== "") fields += ",";
    fields += column?.prefix ?? `${JSON.stringify(columnTitle(index))}:`;
    fields += JSON.stringify(
      column?.holdsTime === true && typeof cell === "number" ? table.timeOf(cell) : cell,
    );
  }
  return `{${fields}}`;
}
