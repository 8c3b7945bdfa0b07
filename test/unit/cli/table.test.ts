import stringWidth from "string-width";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Layout,
  layoutOf,
  renderFacts,
  renderLines,
  renderText,
} from "../../../src/cli/render/layout.ts";
import { type Column, renderTable } from "../../../src/cli/render/table.ts";

interface Row {
  readonly id: string;
  readonly records: number | null;
  readonly at: Date | null;
  readonly text: string;
}

const NOW = new Date("2026-12-01T07:00:00Z");

const COLUMNS: readonly Column<Row>[] = [
  { title: "id", align: "right", cell: ({ id }) => id },
  { title: "records", cell: ({ records }) => records },
  { title: "at", cell: ({ at }) => at },
  { title: "hour", onlyWide: true, cell: ({ at }) => String(at?.getUTCHours() ?? "") },
  { title: "second", rank: 1, cell: () => "given up second" },
  { title: "first", rank: 2, cell: () => "given up first" },
  { title: "text", shrinksTo: 6, cell: ({ text }) => text },
];

const ROWS: readonly Row[] = [
  { id: "1", records: 1234567, at: new Date("2026-12-01T04:00:00Z"), text: "short" },
  { id: "10234", records: null, at: null, text: "a text that is longer than the others" },
];

const WIDE: Layout = { width: Infinity, now: NOW };

function linesAt(width: number): readonly string[] {
  return renderTable(COLUMNS, ROWS, { width, now: NOW }).split("\n");
}

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => stringWidth(line)));
}

describe("a table", () => {
  test("without a limit has all columns, whole texts and exact times", () => {
    expect(renderTable(COLUMNS, ROWS, WIDE)).toBe(
      [
        "   id    records  at                    hour  second           first           text",
        "    1  1,234,567  2026-12-01 04:00:00Z  4     given up second  given up first  short",
        "10234          -  -                           given up second  given up first  a text that is longer than the others",
        "",
      ].join("\n"),
    );
  });

  test("has relative times, then gives up columns by their rank, then cuts texts", () => {
    expect(linesAt(120)[1]).toBe("    1  1,234,567  3 h ago  given up second  given up first  short");
    expect(linesAt(60)).toEqual([
      "   id    records  at       second           text",
      "    1  1,234,567  3 h ago  given up second  short",
      "10234          -  -        given up second  a text that is …",
      "",
    ]);
    expect(linesAt(40)).toEqual([
      "   id    records  at       text",
      "    1  1,234,567  3 h ago  short",
      "10234          -  -        a text that …",
      "",
    ]);
  });

  test("keeps to the width even where that is too small for it", () => {
    for (const line of linesAt(10)) expect(stringWidth(line)).toBeLessThanOrEqual(10);
  });

  test("aligns characters that are two columns wide", () => {
    const rows = [
      { ...ROWS[0], text: "受付時間外のお問い合わせ" },
      { ...ROWS[0], text: "x" },
    ] as readonly Row[];
    const columns: readonly Column<Row>[] = [
      { title: "text", shrinksTo: 4, cell: ({ text }) => text },
      { title: "id", align: "right", cell: ({ id }) => id },
    ];
    expect(renderTable(columns, rows, { width: 14, now: NOW }).split("\n")).toEqual([
      "text        id",
      "受付時間…    1",
      "x            1",
      "",
    ]);
  });

  test("escapes control characters", () => {
    const rows = [{ ...ROWS[0], text: "\u001b[31m red\nline" }] as readonly Row[];
    expect(renderTable(COLUMNS, rows, WIDE)).toContain("\\u001b[31m red\\nline");
  });
});

test("no table and no text has a line that is longer than the width", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 130 }),
      fc.array(text, { minLength: 1, maxLength: 5 }),
      (width, texts) => {
        const layout: Layout = { width, now: NOW };
        const rows = texts.map((own, index) => ({
          id: String(index),
          records: index * 1e6,
          at: NOW,
          text: own,
        }));
        expect(widest(renderTable(COLUMNS, rows, layout))).toBeLessThanOrEqual(width);
        expect(widest(renderText(texts.join(" "), layout, "first: "))).toBeLessThanOrEqual(width);
        expect(widest(renderLines(texts, layout))).toBeLessThanOrEqual(width);
        expect(widest(renderFacts([["name", texts.join(" ")]], layout))).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test("a text is wrapped at its words, and facts below their values", () => {
  const layout: Layout = { width: 24, now: NOW };
  expect(renderText("run 4: the load failed for a reason", layout)).toBe(
    "run 4: the load failed\n  for a reason\n",
  );
  const facts = [
    ["view", "tickets"],
    ["field", null],
    ["message", "a sentence of words"],
  ] as const;
  expect(renderFacts(facts, layout)).toBe("view     tickets\nmessage  a sentence of\n         words\n");
});

describe("the width", () => {
  const widthOf = (stdout: object, env: Record<string, string>, wide = false): number =>
    layoutOf({ stdout: stdout as NodeJS.WriteStream & { fd: 1 }, env }, { wide }).width;

  test.each([
    ["that of the terminal", { isTTY: true, columns: 132 }, {}, 132],
    ["80 on a terminal that does not tell it", { isTTY: true, columns: 0 }, {}, 80],
    ["unlimited in a pipe", { isTTY: undefined }, {}, Infinity],
    ["that of COLUMNS on a terminal", { isTTY: true, columns: 132 }, { COLUMNS: "100" }, 100],
    ["that of COLUMNS in a pipe", {}, { COLUMNS: "100" }, 100],
    ["not that of COLUMNS if it is no width", {}, { COLUMNS: "0" }, Infinity],
  ])("is %s", (_, stdout, env, width) => {
    expect(widthOf(stdout, env)).toBe(width);
    expect(widthOf(stdout, env, true)).toBe(Infinity);
  });
});
