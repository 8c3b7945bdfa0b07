import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { type ChartText, labelledBy, renderFigure } from "./figure.ts";
import { SECONDS } from "./number-format.ts";
import { percent } from "./percent.ts";
import type { Tone } from "./tone.ts";

/** A part of a process, with its length in seconds. */
export interface TimelinePart {
  readonly name: string;
  /** What it consists of, for the table. */
  readonly meaning: string;
  readonly seconds: number;
  readonly tone: Tone;
}

/** Parts that follow each other. */
export interface Timeline extends ChartText {
  readonly parts: readonly TimelinePart[];
}

/** In pixels; the smallest width makes a short part visible. */
const BAR_HEIGHT = 16;
const LEAST_WIDTH = 0.002;

/** Draws each part as a bar on one time line that begins where the part before it ended. */
export function renderTimeline(timeline: Timeline): Html {
  const { parts } = timeline;
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const shareOf = (seconds: number): number => (total === 0 ? 0 : seconds / total);
  const shareText = (seconds: number): string => `${Math.round(100 * shareOf(seconds))} %`;
  let elapsed = 0;
  const placed = parts.map((part) => {
    const start = elapsed;
    elapsed += part.seconds;
    return { ...part, start };
  });
  return renderFigure(
    timeline,
    () =>
      html`<div class="bars" role="img" aria-labelledby="${labelledBy(timeline)}">
        ${placed.map(
          ({ name, seconds, start, tone }) =>
            html`<div class="bar">
              <span class="bar-name">${name}</span>
              <svg class="bar-drawing tone-${tone}" width="100%" height="${BAR_HEIGHT}">
                <line class="axis" x1="0" x2="100%" y1="${BAR_HEIGHT / 2}" y2="${BAR_HEIGHT / 2}" />
                <rect
                  x="${percent(Math.min(shareOf(start), 1 - LEAST_WIDTH))}"
                  width="${percent(Math.max(LEAST_WIDTH, shareOf(seconds)))}"
                  height="${BAR_HEIGHT}"
                  fill="currentColor"
                />
              </svg>
              <span class="bar-outcome">${SECONDS.exact(seconds)}</span>
            </div>`,
        )}
      </div>`,
    [
      { title: "step", rowHeader: true, cell: ({ name }) => name },
      { title: "what it does", cell: ({ meaning }) => meaning },
      { title: "starts after", numeric: true, cell: ({ start }) => SECONDS.exact(start) },
      { title: "takes", numeric: true, cell: ({ seconds }) => SECONDS.exact(seconds) },
      { title: "share", numeric: true, cell: ({ seconds }) => shareText(seconds) },
    ],
    placed,
  );
}
