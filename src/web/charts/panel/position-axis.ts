import { scaleBand, scaleUtc } from "d3-scale";
import { html } from "hono/html";
import type { Html } from "../../page/page.ts";
import { percent } from "../percent.ts";

/** One place on the horizontal axis, such as a run or a week. */
export interface Position {
  /** The short label below the axis, where there is room. */
  readonly label: string;
  /** The full name, for tables and tooltips. */
  readonly name: string;
  /** Whether it is crossed out below the axis, such as a run that was rolled back. */
  readonly crossed?: boolean;
  /** The page that it leads to. */
  readonly href?: string;
  /** Its place on a time axis. If a chart has times, all its positions have one, in order. */
  readonly time?: Date;
}

/** The number of labels that fit on a wide screen; a narrow one shows those that have room. */
const LABELS = 8;

/** Closer to an edge of the drawing than this part of its width, a label does not reach over it. */
const EDGE = 0.03;

/** On a narrow screen: the widths of a character and of the gap between two labels, as parts of the drawing's width. */
const CHARACTER_WHEN_NARROW = 7 / 270;
const GAP_WHEN_NARROW = 0.02;

/** Room below a panel for the crosses and the labels, in pixels. */
export const AXIS_HEIGHT = 30;
const CROSS_Y = 10;
const LABEL_Y = 24;

/** A label below the axis. */
interface Tick {
  readonly label: string;
  /** From 0 to 1. */
  readonly at: number;
  /** Not shown on a narrow screen. */
  readonly isMinor: boolean;
}

/** Where positions are; lengths are parts of the drawing's width, from 0 to 1. */
export interface PositionAxis {
  readonly bandwidth: number;
  start(index: number): number;
  middle(index: number): number;
  /** Whether something that comes regularly is missing between a position and the one before it. */
  isAfterGap(index: number): boolean;
  readonly ticks: readonly Tick[];
}

/** The axis of the positions: by their times if they have some, otherwise side by side. */
export function positionAxis(positions: readonly Position[]): PositionAxis {
  const times = positions.flatMap(({ time }) => (time === undefined ? [] : [time.getTime()]));
  return times.length === positions.length && times.length > 0 ? timeAxis(times) : bandAxis(positions);
}

function bandAxis(positions: readonly Position[]): PositionAxis {
  const scale = scaleBand(
    positions.map((_, index) => index),
    [0, 1],
  ).paddingInner(0.2);
  const start = (index: number): number => scale(index) ?? 0;
  const bandwidth = scale.bandwidth();
  const middle = (index: number): number => start(index) + bandwidth / 2;
  const step = Math.ceil(positions.length / LABELS);
  // Counted from the end, so that the newest position has a label.
  const labels = positions.flatMap(({ label }, index) =>
    (positions.length - 1 - index) % step === 0 ? [{ label, at: middle(index) }] : [],
  );
  return { bandwidth, start, middle, isAfterGap: () => false, ticks: ticksOf(labels) };
}

/** The width of a position is a part of the usual distance of two, and never more than this part of the drawing. */
const USED = 0.8;
const WIDEST = 0.02;

/** A distance that is longer than usual by this factor is a gap. */
const GAP = 1.75;

const DAY_MS = 86_400_000;

/** @param times in milliseconds, in ascending order */
function timeAxis(times: readonly number[]): PositionAxis {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const distances = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor((distances.length - 1) / 2)] ?? 0;
  const span = last - first;
  const bandwidth = span === 0 ? WIDEST : Math.min(WIDEST, (USED * usual) / span);
  const domain = span === 0 ? [first - DAY_MS, last + DAY_MS] : [first, last];
  const scale = scaleUtc(domain, [bandwidth / 2, 1 - bandwidth / 2]);
  const middle = (index: number): number => scale(times[index] ?? first);
  const withDay = (domain[1] ?? 0) - (domain[0] ?? 0) > 2 * DAY_MS;
  const round = scale.ticks(LABELS);
  const step = Math.ceil(round.length / LABELS);
  const labels = round
    .filter((_, index) => index % step === 0)
    .map((time) => {
      const iso = time.toISOString();
      return { label: withDay ? iso.slice(0, 10) : iso.slice(11, 16), at: scale(time) };
    });
  return {
    bandwidth,
    start: (index) => middle(index) - bandwidth / 2,
    middle,
    isAfterGap: (index) => index > 0 && (distances[index - 1] ?? 0) > GAP * usual,
    ticks: ticksOf(labels),
  };
}

/** Decides from the newest label on which ones a narrow screen has room for. */
function ticksOf(labels: readonly Omit<Tick, "isMinor">[]): readonly Tick[] {
  let free = Infinity;
  return labels
    .toReversed()
    .map((tick): Tick => {
      const width = tick.label.length * CHARACTER_WHEN_NARROW;
      const start = tick.at - width * { start: 0, middle: 0.5, end: 1 }[anchorOf(tick)];
      const isMinor = start + width > free;
      if (!isMinor) free = start - GAP_WHEN_NARROW;
      return { ...tick, isMinor };
    })
    .reverse();
}

/** Which part of a label stands at its place. */
function anchorOf({ at }: Pick<Tick, "at">): "start" | "middle" | "end" {
  return at > 1 - EDGE ? "end" : at < EDGE ? "start" : "middle";
}

/** @param height of the panel above it, in pixels */
export function renderPositionAxis(axis: PositionAxis, positions: readonly Position[], height: number): Html {
  const crossed = positions.flatMap((position, index) => (position.crossed === true ? [index] : []));
  return html`<g class="positions" aria-hidden="true">
    ${crossed.map(
      (index) =>
        html`<text
          class="cross"
          x="${percent(axis.middle(index))}"
          y="${height + CROSS_Y}"
          text-anchor="middle"
        >
          ×
        </text>`,
    )}
    ${axis.ticks.map(
      (tick) =>
        html`<text
          class="${tick.isMinor ? "minor" : "major"}"
          x="${percent(tick.at)}"
          y="${height + LABEL_Y}"
          text-anchor="${anchorOf(tick)}"
        >
          ${tick.label}
        </text>`,
    )}
  </g>`;
}
