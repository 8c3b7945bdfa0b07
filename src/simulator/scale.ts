import { parseWholeNumber } from "../format/whole-number.ts";

/** How many records each view serves at a time. */
export interface Scale {
  readonly tickets: number;
  readonly comments: number;
  readonly timesheets: number;
}

const PRODUCTION: Scale = { tickets: 188_452, comments: 317_601, timesheets: 850_727 };

/** Keeps every ordinal, and the ids derived from it, far below 2^53. */
const MOST_TICKETS = 100_000_000;

/**
 * Reads a scale: `small` (1 % of production), `production`, a number of tickets with the other views in proportion
 * (`5000`), or a multiple of production (`10x`, `0.5x`).
 *
 * @returns `undefined` when the text is none of these or asks for more than 100 million tickets. Whatever is not
 * zero has at least one record in each view; zero gives empty views.
 */
export function parseScale(text: string): Scale | undefined {
  const factor = productionMultiple(text.trim().toLowerCase());
  if (factor === undefined || factor * PRODUCTION.tickets > MOST_TICKETS) return undefined;
  const share = (records: number): number => (factor === 0 ? 0 : Math.max(1, Math.round(records * factor)));
  return {
    tickets: share(PRODUCTION.tickets),
    comments: share(PRODUCTION.comments),
    timesheets: share(PRODUCTION.timesheets),
  };
}

function productionMultiple(text: string): number | undefined {
  if (text === "small") return 0.01;
  if (text === "production") return 1;
  const tickets = parseWholeNumber(text);
  if (tickets !== undefined) return tickets / PRODUCTION.tickets;
  if (/^\d+(?:\.\d+)?x$/.test(text)) return Number(text.slice(0, -1));
  return undefined;
}
