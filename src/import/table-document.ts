import type { FieldNaming, RecordMapping } from "./record-file.ts";
import type { RecordKey } from "./keys/record-key.ts";
import type { Cell, Row, Table } from "./table.ts";

/** The document is yielded in pieces of about this many characters. */
const PIECE_CHARACTERS = 64 * 1024;

/** How the values of one column of a table are written. */
interface TargetColumn {
  /** What precedes a value, such as `"TKT-Title":`. */
  readonly prefix: string;
  /** Whether it is a field of the view. Only then is an empty cell written, as null. */
  readonly isKnown: boolean;
  readonly holdsTime: boolean;
}

/** The rows of a table as a JSON list of records, in bytes. */
export async function* tableDocument(table: Table, { naming, key }: RecordMapping): AsyncGenerator<Buffer> {
  const columns = targetColumns(table.header, naming);
  let text = "[";
  let separator = "";
  for await (const row of table.rows) {
    text += separator + recordOf(row, columns, table, key);
    separator = ",\n";
    if (text.length >= PIECE_CHARACTERS) {
      yield Buffer.from(text, "utf8");
      text = "";
    }
  }
  yield Buffer.from(`${text}]`, "utf8");
}

/** @returns a target for each column; columns without a field of the document get distinct names */
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

function recordOf(
  row: Row,
  columns: readonly TargetColumn[],
  table: Table,
  key: RecordKey | undefined,
): string {
  const surplus = row.slice(columns.length);
  // A list is not a record, so that the whole row goes to quarantine.
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
  if (key === undefined) return `{${fields}}`;
  const values = Object.fromEntries(table.header.map((name, index) => [name, row[index] ?? null]));
  // Of a field that is there twice, the last value counts.
  return `{${fields}${fields === "" ? "" : ","}${JSON.stringify(key.field)}:${JSON.stringify(key.keyOf(values))}}`;
}
