import type { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import type { Queryable } from "../../database/database.ts";
import type { View } from "../../views/view.ts";

/** What the tag `html` of hono makes: everything put into it is escaped, unless it is Html itself. */
export type Html = ReturnType<typeof html>;

/** What a page reads, and what it was asked for. */
export interface PageRequest {
  /** A read-only transaction with short time limits; it ends when the page is made. */
  readonly database: Queryable;
  readonly views: readonly View[];
  readonly settings: Settings;
  /** The named parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** A page as it stands inside the layout. */
export interface PageContent {
  /** Of the document, and the heading. */
  readonly title: string;
  /** One line under the heading. */
  readonly lead?: Html | string;
  readonly body: Html;
  /** 200 when left out. */
  readonly status?: 200 | 404;
}

/** A page of the site. Every page there is stands in `pages.ts`; nothing else has to know it. */
export interface Page {
  /** As hono takes it: `/runs/:id`. */
  readonly path: string;
  /** What the navigation calls it; a page without is reached from others. */
  readonly navigation?: string;
  /**
   * Reads and renders. Identical requests of the same second share one call, so nothing of the one who asks may go in but
   * the path and the query.
   */
  content(request: PageRequest): Promise<PageContent>;
}
