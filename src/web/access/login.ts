import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html } from "hono/html";
import { type Layout, renderPage } from "../page/layout.ts";
import { type Html, isPathOf } from "../page/page.ts";
import { type Access, judgeToken, LOGIN_PATH, LOGOUT_PATH } from "./require-token.ts";

/** Far more than a token and a path need, in bytes. */
const MAX_FORM_BYTES = 8 * 1024;

/** The page where the user of a browser enters the token once, and the path that ends the session. */
export function loginRoutes(access: Access, layout: Layout): Hono {
  // Without a session, no other page can be opened, so the navigation is empty.
  const page = (to: string, problem?: string): Html =>
    renderPage({ assets: layout.assets, pages: [] }, LOGIN_PATH, {
      title: "Sign in",
      body: renderForm(to, problem),
    });
  const routes = new Hono();
  routes.get(LOGIN_PATH, (context) => context.html(page(pathOfPage(context.req.query("to"), layout))));
  routes.post(LOGIN_PATH, bodyLimit({ maxSize: MAX_FORM_BYTES }), async (context) => {
    const form = await context.req.parseBody();
    const to = pathOfPage(form["to"], layout);
    const verdict = await judgeToken(access, context, typeof form["token"] === "string" ? form["token"] : "");
    if (verdict === "right") {
      await access.sessions.start(context);
      return context.redirect(to, 303);
    }
    if (verdict === "wrong") return context.html(page(to, "That is not the token."), 401);
    const minutes = Math.ceil(verdict.waitSeconds / 60);
    context.header("retry-after", String(verdict.waitSeconds));
    return context.html(page(to, `Too many wrong tokens: try again in ${minutes} min.`), 429);
  });
  routes.post(LOGOUT_PATH, async (context) => {
    await access.sessions.end(context);
    return context.redirect(LOGIN_PATH, 303);
  });
  return routes;
}

function renderForm(to: string, problem: string | undefined): Html {
  return html`<form method="post" action="${LOGIN_PATH}" class="filters">
    <input type="hidden" name="to" value="${to}" />
    <input name="username" value="otc-etl" autocomplete="username" hidden />
    <label
      >Token (OTC_WEB_TOKEN)
      <input type="password" name="token" required autocomplete="current-password" autofocus />
    </label>
    <button>Sign in</button>
    ${problem === undefined ? "" : html`<p class="notice" role="alert">${problem}</p>`}
  </form>`;
}

/** Where to go after the login: to a page of this site, or else to the first one. */
function pathOfPage(to: unknown, { pages }: Layout): string {
  const here = "http://localhost";
  if (typeof to !== "string" || !to.startsWith("/") || !URL.canParse(to, here)) return "/";
  // The URL's own path may begin with two slashes, which a browser would take for another host.
  const { origin, pathname, search } = new URL(to, here);
  return origin === here && pages.some((page) => isPathOf(page, pathname)) ? `${pathname}${search}` : "/";
}
