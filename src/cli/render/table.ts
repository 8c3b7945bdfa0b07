import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import { formatCount } from "../../format/format.ts";
import { type Layout, timeText } from "./layout.ts";
import { cutText, textWidth } from "./terminal-text.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** A number is written with thousands separators and aligned right, null as a dash, a date as the layout says. */
  readonly cell: (row: Row) => string | number | Date | null;
  readonly align?: "right";
  /** Whether it is left out wherever the width is limited, because it repeats another column. */
  readonly onlyWide?: true;
  /** Where the width does not suffice, the column with the highest rank is left out first. Default: it always stays. */
  readonly rank?: number;
  /** To how many columns of the terminal its cells may be cut. Default: they are never cut. */
  readonly shrinksTo?: number;
}

/** A column whose cells are written: the first one is the title. */
interface WrittenColumn {
  readonly rank: number;
  readonly cells: readonly string[];
  readonly isRight: boolean;
  /** The width of the widest cell. */
  readonly width: number;
  /** The width below which it is left out instead of cut. */
  readonly least: number;
}

const GAP = "  ";

/**
 * A table without lines, ending in a line feed. Where the width is limited, columns are left out by their rank and then
 * cells are cut, so that no line is longer. Control characters in the cells are escaped.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  layout: Layout,
): string {
  const isLimited = layout.width !== Infinity;
  const written = columns
    .filter(({ onlyWide }) => !(onlyWide === true && isLimited))
    .map((column) => writeColumn(column, rows, layout));
  const shown = isLimited ? fitColumns(written, layout.width) : written;
  const lines = [undefined, ...rows].map((_, index) =>
    cutText(
      shown
        .map(({ cells, width, isRight }) => padded(cells[index] ?? "", width, isRight))
        .join(GAP)
        .trimEnd(),
      layout.width,
    ),
  );
  return `${lines.join("\n")}\n`;
}

function writeColumn<Row>(column: Column<Row>, rows: readonly Row[], layout: Layout): WrittenColumn {
  const values = rows.map((row) => column.cell(row));
  const cells = [column.title, ...values.map((value) => cellText(value, layout))];
  const width = Math.max(...cells.map((cell) => textWidth(cell)));
  return {
    rank: column.rank ?? 0,
    cells,
    isRight: column.align === "right" || values.some((value) => typeof value === "number"),
    width,
    least: Math.min(width, Math.max(column.shrinksTo ?? width, textWidth(column.title))),
  };
}

function cellText(value: string | number | Date | null, layout: Layout): string {
  if (value === null) return "-";
  if (typeof value === "number") return formatCount(value);
  return typeof value === "string" ? escapeControlCharacters(value) : timeText(value, layout);
}

/** The columns that have room, with the widths that they get. */
function fitColumns(columns: readonly WrittenColumn[], room: number): readonly WrittenColumn[] {
  const lowest = sum(columns.map(({ least }) => least)) + gapsOf(columns);
  const last = columns.toSorted((a, b) => b.rank - a.rank)[0];
  if (lowest > room && last !== undefined && last.rank > 0) {
    return fitColumns(
      columns.filter((column) => column !== last),
      room,
    );
  }
  const widths = columns.map(({ width }) => Math.min(width, room));
  for (let excess = sum(widths) + gapsOf(columns) - room; excess > 0; excess -= 1) {
    const spare = widths.map((width, index) => (width > (columns[index]?.least ?? 0) ? width : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.indexOf(widest)] = widest - 1;
  }
  return columns.map((column, index) => {
    const width = widths[index] ?? column.width;
    return { ...column, width, cells: column.cells.map((cell) => cutText(cell, width)) };
  });
}

function gapsOf(columns: readonly unknown[]): number {
  return GAP.length * (columns.length - 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** `padEnd` and `padStart` count characters, of which some are two columns wide and some have no width. */
function padded(cell: string, width: number, isRight: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - textWidth(cell)));
  return isRight ? blanks + cell : cell + blanks;
}
