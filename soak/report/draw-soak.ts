import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { RoundsResult } from "../run-rounds.ts";

const WIDTH = 800;
const PANEL_HEIGHT = 180;
const MARGIN = { top: 30, right: 150, bottom: 25, left: 60 };
const COLOURS = ["#1f5fa8", "#b3520a"];
const MEGABYTE = 1024 * 1024;

/** One line of a panel: its name, and where it goes. */
interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [minutes: number, value: number])[];
}

/** Memory, sessions and sizes over time, one panel below the other, as SVG. */
export function drawSoak({ samples, sizes }: RoundsResult): string {
  const curve = <T extends { readonly seconds: number }>(
    name: string,
    entries: readonly T[],
    valueOf: (entry: T) => number | undefined,
  ): Curve => ({
    name,
    points: entries.flatMap((entry) => {
      const value = valueOf(entry);
      return value === undefined ? [] : [[entry.seconds / 60, value] as const];
    }),
  });
  const inMegabytes = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / MEGABYTE);
  const panels: readonly (readonly [title: string, curves: readonly Curve[]])[] = [
    [
      "memory in MB",
      [
        curve("worker", samples, ({ workerBytes }) => inMegabytes(workerBytes)),
        curve("status page", samples, ({ pageBytes }) => inMegabytes(pageBytes)),
      ],
    ],
    ["sessions at the server", [curve("otc-etl", samples, ({ sessions }) => sessions)]],
    [
      "sizes in MB",
      [
        curve("tables", sizes, ({ tableBytes }) => inMegabytes(tableBytes)),
        curve("indexes", sizes, ({ indexBytes }) => inMegabytes(indexBytes)),
      ],
    ],
  ];
  const minutes = Math.max(
    1,
    ...panels.flatMap(([, curves]) => curves.flatMap(({ points }) => points.map(([x]) => x))),
  );
  const drawn = panels.map(([title, curves], index) =>
    drawPanel(title, curves, minutes, index * PANEL_HEIGHT),
  );
  const height = panels.length * PANEL_HEIGHT + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...drawn,
    `<text x="${WIDTH / 2}" y="${height - 8}" text-anchor="middle">minutes</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(title: string, curves: readonly Curve[], minutes: number, top: number): string {
  const most = Math.max(1, ...curves.flatMap(({ points }) => points.map(([, value]) => value)));
  const x = scaleLinear([0, minutes], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLinear([0, most], [top + PANEL_HEIGHT - MARGIN.bottom, top + MARGIN.top]).nice(4);
  const path = line<readonly [number, number]>(
    ([minute]) => x(minute),
    ([, value]) => y(value),
  ).digits(1);
  const [left, right] = x.range() as [number, number];
  const bottom = y(0);
  return [
    `<text x="${left}" y="${top + 18}" font-weight="bold">${title}</text>`,
    ...y.ticks(4).map((tick) => {
      const at = y(tick).toFixed(1);
      return `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${left - 6}" y="${at}" dy="4" text-anchor="end">${tick}</text>`;
    }),
    ...x.ticks(8).map((tick) => {
      const at = x(tick).toFixed(1);
      return `<text x="${at}" y="${bottom + 15}" text-anchor="middle" fill="#555">${tick}</text>`;
    }),
    ...curves.map(({ name, points }, index) => {
      const colour = COLOURS[index] ?? "black";
      const at = top + MARGIN.top + 15 * index;
      return `<path d="${path(points) ?? ""}" fill="none" stroke="${colour}" stroke-width="1.5"/><text x="${right + 10}" y="${at}" fill="${colour}">${name}</text>`;
    }),
  ].join("\n");
}
