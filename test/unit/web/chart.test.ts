import { expect, test } from "vitest";
import { renderBarChart } from "../../../src/web/charts/bar-chart.ts";
import { COUNT, HOURS } from "../../../src/web/charts/number-format.ts";
import { type Panel, renderPanelChart } from "../../../src/web/charts/panel/panel-chart.ts";
import type { Position } from "../../../src/web/charts/panel/position-axis.ts";

const HOSTILE = '<script>alert("1")</script>';

const positions = (count: number): Position[] =>
  Array.from({ length: count }, (_, index) => ({ label: `L${index}`, name: `run ${index}` }));

async function panelChart(panels: readonly Panel[], on: readonly Position[]): Promise<string> {
  return (
    await renderPanelChart({
      id: "runs",
      title: `Runs ${HOSTILE}`,
      summary: HOSTILE,
      empty: "No runs yet.",
      positionTitle: "run",
      positions: on,
      crossedMeans: "rolled back",
      panels,
    })
  ).toString();
}

/** The attributes of every element of a kind within a piece of markup. */
function elements(markup: string, name: string): Readonly<Record<string, string>>[] {
  return [...markup.matchAll(new RegExp(`<${name}\\s([^>]*?)/?>`, "g"))].map(([, attributes = ""]) =>
    Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );
}

/** The text of the cells of the table that stands beside a chart, row by row. */
function tableOf(markup: string): string[][] {
  return [...markup.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell.trim()),
  );
}

test("columns stack their series from the bottom, show the smallest, and omit missing values", async () => {
  const on = positions(4).map((position, index) => ({ ...position, crossed: index === 3 }));
  const markup = await panelChart(
    [
      {
        name: "written",
        marks: "columns",
        format: COUNT,
        height: 100,
        series: [
          { name: "inserted", tone: "primary", values: [300, 1, 0, null] },
          { name: "updated", tone: "secondary", values: [700, 999, 1000, null] },
        ],
      },
    ],
    on,
  );
  const [inserted = "", updated = ""] = markup.split('<g class="tone-').slice(1);
  const [lower, least, none] = elements(inserted.split("</g>")[0] ?? "", "rect");
  const [upper] = elements(updated.split("</g>")[0] ?? "", "rect");
  expect(lower).toMatchObject({ x: "0%", y: "70", height: "30" });
  expect(upper).toMatchObject({ x: "0%", y: "0", height: "70" });
  expect(least).toMatchObject({ y: "99", height: "1" });
  expect(none).toBeUndefined();
  expect(markup.match(/class="cross"/g)).toHaveLength(1);
  expect(tableOf(markup)).toEqual([
    ["run", "inserted", "updated", "rolled back"],
    ["run 0", "300", "700", ""],
    ["run 1", "1", "999", ""],
    ["run 2", "0", "1,000", ""],
    ["run 3", "–", "–", "yes"],
  ]);
});

test("lines are interrupted where there is no value, and many positions have few labels", async () => {
  const values = Array.from({ length: 90 }, (_, index) => (index === 45 ? null : index));
  const markup = await panelChart(
    [
      {
        name: "seconds",
        marks: "lines",
        format: COUNT,
        height: 100,
        series: [{ name: "s", tone: "primary", values }],
      },
    ],
    positions(90),
  );
  expect(/class="stroke" d="([^"]*)"/.exec(markup)?.[1]?.match(/M/g)).toHaveLength(2);
  const labels = markup.match(/class="(?:major|minor)"/g) ?? [];
  expect(labels.length).toBeGreaterThan(4);
  expect(labels.length).toBeLessThan(10);
  // The newest is always labelled.
  expect(markup).toMatch(/class="major"[^>]*>\s*L89\s*</);
});

test("a time axis places runs by their time, keeps one run narrow, and interrupts lines where nights are missing", async () => {
  const night = (number: number): Position => ({
    label: "",
    name: `run ${number}`,
    href: `/runs/${number}`,
    time: new Date(Date.UTC(2026, 10, number, 2)),
  });
  const panel = (values: readonly number[]): Panel[] => [
    {
      name: "seconds",
      marks: "lines",
      format: COUNT,
      height: 100,
      series: [{ name: "s", tone: "primary", values }],
    },
  ];
  const markup = await panelChart(panel([1, 2, 3, 4, 5]), [1, 2, 5, 6, 8].map(night));
  const rects = elements(markup.split('class="pointed"')[1] ?? "", "rect");
  const places = rects.map(({ x = "" }) => Number.parseFloat(x));
  expect(
    places.map((place) => Math.round((7 * (place - places[0]!)) / (places.at(-1)! - places[0]!))),
  ).toEqual([0, 1, 4, 5, 7]);
  // Two gaps, so three parts, of which the last is a single run: a dot.
  const path = /class="stroke" d="([^"]*)"/.exec(markup)?.[1] ?? "";
  expect(path.match(/M/g)).toHaveLength(2);
  expect(/class="stroke dot" d="([^"]*)"/.exec(markup)?.[1]).toMatch(/^M[\d.]+,[\d.]+h0$/);
  expect(markup).toContain('href="/runs/5" data-tip aria-label="run 5');
  expect(markup).toMatch(/>\s*2026-11-0\d\s*</);

  // On a phone, labels of ten characters need a quarter of the width.
  const quarter = await panelChart(
    panel(Array.from({ length: 90 }, () => 1)),
    Array.from({ length: 90 }, (_, index) => index + 1).map(night),
  );
  const labels = [...quarter.matchAll(/class="major"\s+x="([\d.]+)%"\s+y="[\d.]+"\s+text-anchor="middle"/g)];
  const distances = labels.map(([, x]) => Number(x)).map((x, index, all) => x - (all[index - 1] ?? -100));
  expect(distances.length).toBeGreaterThan(1);
  expect(Math.min(...distances)).toBeGreaterThan(26);

  const single = elements(
    (await panelChart(panel([1]), [night(1)])).split('class="pointed"')[1] ?? "",
    "rect",
  );
  expect(single).toMatchObject([{ x: "49%", width: "2%" }]);
});

test("bars are as long as their values, name every part, and compare shares on request", async () => {
  const bars = [
    { name: `SAP ${HOSTILE}`, values: [30, 70] },
    { name: "Payroll", values: [50, 0], outcome: "2 d" },
  ];
  const chart = {
    id: "hours",
    title: "Hours",
    summary: "By team.",
    empty: "None.",
    barTitle: "team",
    outcomeTitle: "all",
    format: HOURS,
    series: [
      { name: "billable", tone: "primary" },
      { name: "other", tone: "secondary" },
    ],
    bars,
  } as const;
  const widths = (markup: string): (string | undefined)[] =>
    elements(markup.split('class="bars"')[1] ?? "", "rect").map(({ width }) => width);
  const absolute = (await renderBarChart(chart)).toString();
  expect(widths(absolute)).toEqual(["30%", "70%", "50%"]);
  expect(absolute).toContain("<title>Payroll, billable: 50 h</title>");
  expect(absolute).not.toContain("<script>");
  expect(tableOf(absolute)).toEqual([
    ["team", "billable", "other", "all"],
    ["SAP &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;", "30 h", "70 h", "100 h"],
    ["Payroll", "50 h", "0 h", "2 d"],
  ]);
  expect(widths((await renderBarChart({ ...chart, asShares: true })).toString())).toEqual([
    "30%",
    "70%",
    "100%",
  ]);
});

test("a chart is a group with a name, has no inline style or script, and says when it is empty", async () => {
  const panel = { marks: "columns", format: COUNT, height: 60 } as const;
  const panels: Panel[] = [
    { ...panel, name: "one", series: [{ name: "one", tone: "quiet", values: [1] }] },
    { ...panel, name: "nothing", series: [{ name: "nothing", tone: "alarm", values: [0] }] },
  ];
  const markup = await panelChart(panels, positions(1));
  const drawings = elements(markup, "svg").filter(({ role }) => role === "group");
  expect(drawings).toHaveLength(2);
  for (const drawing of drawings) {
    for (const id of drawing["aria-labelledby"]?.split(" ") ?? []) expect(markup).toContain(`id="${id}"`);
  }
  expect(markup).not.toMatch(/ style=|<script|NaN|Infinity|undefined/);
  expect(await panelChart(panels, [])).toMatch(/No runs yet\.[^]*<\/figure>/);
  expect(await panelChart(panels, [])).not.toContain("<svg");
});
