import { html } from "hono/html";
import type { Html } from "../../page/page.ts";
import type { Column } from "../../page/table.ts";
import { columnMarks } from "./column-marks.ts";
import type { Marks } from "./drawing.ts";
import { type ChartText, labelledBy, renderFigure } from "../figure.ts";
import { renderLegend } from "../legend.ts";
import { lineMarks } from "./line-marks.ts";
import type { NumberFormat } from "../number-format.ts";
import { percent } from "../percent.ts";
import {
  AXIS_HEIGHT,
  type Position,
  type PositionAxis,
  positionAxis,
  renderPositionAxis,
} from "./position-axis.ts";
import type { ValueSeries } from "../series.ts";
import { renderValueAxis, valueAxis } from "./value-axis.ts";

/** Columns are stacked, lines are not. */
const MARKS = { columns: columnMarks, lines: lineMarks };

/** A drawing with its own value axis, because values of different magnitude do not fit on one axis. */
export interface Panel {
  readonly name: string;
  readonly marks: keyof typeof MARKS;
  readonly format: NumberFormat;
  readonly series: readonly ValueSeries[];
  /** In pixels. */
  readonly height: number;
}

/** Panels one below the other, over the same positions. */
export interface PanelChart extends ChartText {
  /** What a position is, for the table: "run", "week". */
  readonly positionTitle: string;
  readonly positions: readonly Position[];
  /** The meaning of a position that is crossed out. */
  readonly crossedMeans?: string;
  readonly panels: readonly Panel[];
}

/**
 * Draws values over runs or weeks.
 *
 * @example
 * renderPanelChart({
 *   id: "tickets-a-week",
 *   title: "Tickets per week",
 *   summary: "120 opened and 118 closed in the last 26 weeks.",
 *   empty: "There are no tickets yet.",
 *   positionTitle: "week of",
 *   positions: weeks.map((week) => weekText(week, "UTC")),
 *   panels: [{ name: "tickets", marks: "lines", format: COUNT, height: 180, series }],
 * });
 */
export function renderPanelChart(chart: PanelChart): Html {
  const { positions, panels, crossedMeans } = chart;
  const axis = positionAxis(positions);
  const columns: readonly Column<number>[] = [
    {
      title: chart.positionTitle,
      rowHeader: true,
      cell: (index) => positions[index]?.name ?? "",
    },
    ...panels.flatMap(({ name, series, format }) =>
      series.map((one): Column<number> => ({
        title: series.length === 1 ? name : one.name,
        numeric: true,
        cell: (index) => exactly(one, index, format),
      })),
    ),
    ...(crossedMeans === undefined
      ? []
      : [
          { title: crossedMeans, cell: (index: number) => (positions[index]?.crossed === true ? "yes" : "") },
        ]),
  ];
  return renderFigure(
    chart,
    () => html`${panels.map((panel, index) => renderPanel(chart, panel, axis, index))}`,
    columns,
    positions.map((_, index) => index),
  );
}

function renderPanel(chart: PanelChart, panel: Panel, axis: PositionAxis, index: number): Html {
  const { positions, panels, crossedMeans, id } = chart;
  const { name, series, format, height } = panel;
  const marks: Marks = MARKS[panel.marks];
  const isLast = index === panels.length - 1;
  const values = valueAxis(marks.largest(series, positions.length), height, format);
  const nameId = `${id}-panel-${index}`;
  return html`<div class="chart-panel">
    <div class="chart-panel-head">
      <h3 id="${nameId}">${name}</h3>
      ${renderLegend(series, id, panel.marks === "lines" ? "line" : "area")}
      ${isLast && crossedMeans !== undefined ? html`<p>× ${crossedMeans}</p>` : ""}
    </div>
    <svg
      class="drawing"
      role="group"
      aria-labelledby="${labelledBy(chart, nameId)}"
      width="100%"
      height="${height + (isLast ? AXIS_HEIGHT : 8)}"
    >
      ${renderValueAxis(values, format)} ${marks.render(series, { chartId: id, axis, height, y: values.y })}
      ${isLast ? renderPositionAxis(axis, positions, height) : ""} ${renderPointed(chart, panel, axis)}
    </svg>
  </div>`;
}

/** Names each position and its values. It covers the whole height, because a mark may be only a pixel high. */
function renderPointed(
  { positions }: PanelChart,
  { series, format, height }: Panel,
  axis: PositionAxis,
): Html {
  const textOf = (name: string, index: number): string =>
    [name, ...series.map((one) => `${one.name}: ${exactly(one, index, format)}`)].join("\n");
  return html`<g class="pointed" data-roving>
    ${positions.map(({ name, href }, index) => {
      const area = html`<rect
        x="${percent(axis.start(index))}"
        width="${percent(axis.bandwidth)}"
        height="${height}"
      />`;
      const text = textOf(name, index);
      return href === undefined
        ? html`<g role="img" tabindex="0" data-tip aria-label="${text}">${area}</g>`
        : html`<a href="${href}" data-tip aria-label="${text}">${area}</a>`;
    })}
  </g>`;
}

function exactly({ values }: ValueSeries, index: number, format: NumberFormat): string {
  const value = values[index] ?? null;
  return value === null ? "–" : format.exact(value);
}
