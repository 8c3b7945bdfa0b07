import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { fillOf } from "./fill.ts";
import { type ChartText, labelledBy, renderFigure } from "./figure.ts";
import { renderLegend } from "./legend.ts";
import type { NumberFormat } from "./number-format.ts";
import { percent } from "./percent.ts";
import type { Series } from "./series.ts";
import { TEXTURED } from "./tone.ts";

/** One bar: its name, and a value for each series. */
interface Bar {
  readonly name: string;
  readonly values: readonly number[];
  /** The text at its end. Default: the sum of its values. */
  readonly outcome?: string;
  /** The page that its name leads to. */
  readonly href?: string;
}

/** Bars one below the other, the series stacked in each. */
export interface BarChart extends ChartText {
  /** What a bar is, for the table: "team". */
  readonly barTitle: string;
  readonly format: NumberFormat;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  /** Draws all bars with the same length, to compare the shares in them. */
  readonly asShares?: true;
  /** The title of the texts at the ends of the bars, for the table. */
  readonly outcomeTitle: string;
}

/** In pixels. */
const BAR_HEIGHT = 20;

/** The smallest share of the width that has room for a number: always, or on a wide screen. */
const ROOM = 0.16;
const ROOM_WHEN_WIDE = 0.09;

/**
 * Draws the composition of named things, such as the tickets of each team by age.
 *
 * A name may be long, so it is text of the page, outside of the drawing.
 */
export function renderBarChart(chart: BarChart): Html {
  const { series, bars, format } = chart;
  const outcomeOf = (bar: Bar): string => bar.outcome ?? format.exact(sum(bar));
  const longest = Math.max(0, ...bars.map(sum));
  // What is in an image cannot be reached by screen readers.
  const role = bars.some(({ href }) => href !== undefined) ? "group" : "img";
  return renderFigure(
    chart,
    () =>
      html`${renderLegend(series, chart.id)}
        <div class="bars" role="${role}" aria-labelledby="${labelledBy(chart)}">
          ${bars.map(
            (bar) =>
              html`<div class="bar">
                <span class="bar-name">${nameOf(bar)}</span>
                <svg class="bar-drawing" width="100%" height="${BAR_HEIGHT}">
                  ${renderSegments(chart, bar, chart.asShares === true ? sum(bar) : longest)}
                </svg>
                <span class="bar-outcome">${outcomeOf(bar)}</span>
              </div>`,
          )}
        </div>`,
    [
      { title: chart.barTitle, rowHeader: true, cell: nameOf },
      ...(series.length === 1
        ? []
        : series.map(({ name }, index) => ({
            title: name,
            numeric: true as const,
            cell: (bar: Bar) => format.exact(bar.values[index] ?? 0),
          }))),
      { title: chart.outcomeTitle, numeric: true, cell: outcomeOf },
    ],
    bars,
  );
}

function nameOf({ name, href }: Bar): Html | string {
  return href === undefined ? name : html`<a href="${href}">${name}</a>`;
}

/** @param whole the value that fills the width */
function renderSegments({ id, series, format }: BarChart, { name, values }: Bar, whole: number): Html {
  let start = 0;
  return html`${series.map((one, index) => {
    const value = values[index] ?? 0;
    if (value === 0 || whole === 0) return "";
    const part = value / whole;
    const from = start;
    start += part;
    return html`<g class="segment tone-${one.tone}">
      <title>${name}, ${one.name}: ${format.exact(value)}</title>
      <rect
        x="${percent(from)}"
        width="${percent(part)}"
        height="${BAR_HEIGHT}"
        fill="${fillOf(one.tone, id)}"
      />
      ${
        // Hatching would make it hard to read.
        series.length > 1 && one.tone !== TEXTURED && part >= ROOM_WHEN_WIDE
          ? html`<text
              class="${part >= ROOM ? "major" : "minor"}"
              x="${percent(from + part / 2)}"
              y="${BAR_HEIGHT / 2}"
              dy="0.34em"
              text-anchor="middle"
            >
              ${format.tick(value)}
            </text>`
          : ""
      }
    </g>`;
  })}`;
}

function sum({ values }: Bar): number {
  return values.reduce((total, value) => total + value, 0);
}
