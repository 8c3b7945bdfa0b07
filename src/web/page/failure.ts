import { html } from "hono/html";
import { DatabaseError } from "../../database/database-error.ts";
import type { Failure } from "../../errors/describe-failure.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { NoAnswerYet } from "../reading/coalescing-cache.ts";
import type { Html, PageContent } from "./page.ts";
import { UnusableQuery } from "./query.ts";
import { renderText } from "./text.ts";

/** A page that is shown instead of one that failed. */
export interface FailurePage {
  /** 400 for a fault of the request; 503 when the page may succeed later, by itself or after the action that it names. */
  readonly status: 400 | 500 | 503;
  readonly content: PageContent;
}

/** Why a page failed, for its reader. */
interface Obstacle {
  readonly title: string;
  readonly text: string;
}

const BUSY: Obstacle = {
  title: "Please wait",
  text: "The database is busy, perhaps with a load. This page reloads by itself.",
};
const OUT_OF_REACH: Obstacle = {
  title: "No database",
  text: "The database cannot be reached. This page reloads by itself.",
};
const NOT_MIGRATED: Obstacle = {
  title: "No tables",
  text: "The database lacks tables of this version of otc-etl: run `otc-etl migrate`.",
};
const NO_RIGHT: Obstacle = {
  title: "Not allowed",
  text: 'The role that serves these pages may not read a table; docs/status-page.md lists the grants under "A role of its own".',
};

/** The obstacles by SQLSTATE, or its class. */
const OBSTACLES: readonly (readonly [state: RegExp, obstacle: Obstacle])[] = [
  // A lock was not available, or the statement took too long.
  [/^(55P03|57014)$/, BUSY],
  // The login was refused, or there is no such database.
  [/^(28...|3D000)$/, OUT_OF_REACH],
  [/^(42P01|42703|3F000)$/, NOT_MIGRATED],
  [/^42501$/, NO_RIGHT],
];

/**
 * What to show instead of a page. SQL and messages of the server are only in the log.
 *
 * @param reference identifies the entry in the log
 */
export function failurePage(error: unknown, reference: string): FailurePage {
  if (error instanceof UnusableQuery) {
    return { status: 400, content: { title: "Not understood", body: html`<p>${error.message}</p>` } };
  }
  const obstacle = obstacleOf(error);
  if (obstacle !== undefined) {
    return { status: 503, content: { title: obstacle.title, body: renderFailure(obstacle.text, reference) } };
  }
  const text = "There is a fault in otc-etl or in the database. The log has the details.";
  return { status: 500, content: { title: "This page failed", body: renderFailure(text, reference) } };
}

function obstacleOf(error: unknown): Obstacle | undefined {
  if (error instanceof NoAnswerYet) return BUSY;
  if (error instanceof OtcError && error.code === "locked") return BUSY;
  if (!(error instanceof DatabaseError)) return undefined;
  if (error.isConnectionProblem) return OUT_OF_REACH;
  return OBSTACLES.find(([state]) => state.test(error.sqlState ?? ""))?.[1];
}

/** The failure of an address for programs, with the keys of `--json`. SQL and messages of the server are only in the log. */
export function failureForPrograms(error: unknown, status: FailurePage["status"]): Failure {
  if (error instanceof UnusableQuery) return { code: "usage", message: error.message, remedy: null };
  const obstacle = obstacleOf(error);
  const message = obstacle?.text ?? "There is a fault in otc-etl or in the database.";
  return {
    code: status === 503 ? "database" : "internal",
    message: message.replace("This page reloads by itself.", "").trim(),
    remedy: status === 503 ? "Try again later." : "The log has the details.",
  };
}

/** The failure for an unknown address for programs. */
export function unknownAddress(path: string, known: readonly { readonly path: string }[]): Failure {
  return {
    code: "usage",
    message: `There is no ${path}.`,
    remedy: `The addresses for programs are ${known.map((endpoint) => endpoint.path).join(", ")}.`,
  };
}

/** The page for an unknown address. */
export const NOT_FOUND: PageContent = {
  title: "Not found",
  status: 404,
  body: html`<p>There is no such page. <a href="/">The status of the views</a> is the start page.</p>`,
};

function renderFailure(text: string, reference: string): Html {
  return html`<p>${renderText(text)}</p>
    <p class="muted">Its reference in the log is <code>${reference}</code>.</p>`;
}
