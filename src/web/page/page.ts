import type { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import type { Queryable } from "../../database/database.ts";
import type { ScheduleCalendar } from "../../schedule/schedule-calendar.ts";
import type { View } from "../../views/view.ts";

/** The result of hono's tag `html`, which escapes every value that is not Html itself. */
export type Html = ReturnType<typeof html>;

/** What a page reads from, and the parts of its request. */
export interface PageRequest {
  /** A read-only transaction with short time limits; it ends when the page has been rendered. */
  readonly database: Queryable;
  readonly views: readonly View[];
  readonly settings: Settings;
  /** When the views are loaded. */
  readonly calendar: ScheduleCalendar;
  /** The named parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** The parameters that the page declares, in normal form. */
  readonly query: URLSearchParams;
}

/** The content of a page inside the layout. */
export interface PageContent {
  /** The title of the document, and the heading. */
  readonly title: string;
  /** One line under the heading. */
  readonly lead?: Html | string;
  readonly body: Html;
  /** Default: 200. */
  readonly status?: 200 | 404;
}

/** A page of the site. `pages.ts` lists all pages; no other file refers to them. */
export interface Page {
  /** The path in the syntax of hono: `/runs/:id`. */
  readonly path: string;
  /** Its name in the navigation; a page without one is linked from other pages. */
  readonly navigation?: string;
  /**
   * The parameters of the query that the page reads, and the normal form of each; undefined where a text means nothing.
   * Requests that differ in nothing else are identical.
   */
  readonly parameters?: Readonly<Record<string, (text: string) => string | undefined>>;
  /**
   * Reads and renders. Identical requests of the same second share one call, so the content must depend on nothing of
   * the request but the path and the query.
   */
  content(request: PageRequest): Promise<PageContent>;
}

/** Whether a page answers at a path. */
export function isPathOf({ path }: Page, pathname: string): boolean {
  return new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`).test(pathname);
}
