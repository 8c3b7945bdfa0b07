import { html } from "hono/html";
import { packageVersion } from "../../config/package-version.ts";
import type { Assets } from "./assets.ts";
import type { Html, Page, PageContent } from "./page.ts";

/** What every page shares. */
export interface Layout {
  readonly assets: Assets;
  /** The pages of the navigation. */
  readonly pages: readonly Page[];
  /** Where a browser signs out; undefined where nobody is signed in. */
  readonly signOutPath?: string;
}

/**
 * The whole document of a page.
 *
 * @param path the path of the request
 * @param notice a message above the heading, if any
 */
export function renderPage(
  { assets, pages, signOutPath }: Layout,
  path: string,
  { title, lead, body }: PageContent,
  notice?: string,
): Html {
  const links = pages.filter((page) => page.navigation !== undefined);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · otc-etl</title>
        <link rel="icon" href="${assets.url("icon.svg")}" type="image/svg+xml" />
        ${assets.styleSheets.map((url) => html`<link rel="stylesheet" href="${url}" />`)}
        ${assets.scripts.map((url) => html`<script type="module" src="${url}"></script>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="site">
          <p class="brand">otc-etl</p>
          <nav aria-label="Pages">
            <ul>
              ${links.map((page) => navigationLink(page, path))}
            </ul>
          </nav>
          ${signOutPath === undefined ? "" : html`<form method="post" action="${signOutPath}"><button>Sign out</button></form>`}
        </header>
        <main id="main" tabindex="-1">
          ${notice === undefined ? "" : html`<p class="notice" role="status">${notice}</p>`}
          <h1>${title}</h1>
          ${lead === undefined ? "" : html`<p class="lead">${lead}</p>`} ${body}
        </main>
        <footer class="site">otc-etl ${packageVersion()} · <span data-zone>all times are UTC</span></footer>
      </body>
    </html>`;
}

/** A page below one of the navigation (`/runs/17`) counts as part of it. */
function navigationLink(page: Page, path: string): Html {
  const current = page.path === path ? "page" : isBelow(page.path, path) ? "true" : undefined;
  return html`<li>
    <a href="${page.path}" ${current === undefined ? "" : html`aria-current="${current}"`}
      >${page.navigation}</a
    >
  </li>`;
}

function isBelow(parent: string, path: string): boolean {
  return parent !== "/" && path.startsWith(`${parent}/`);
}
