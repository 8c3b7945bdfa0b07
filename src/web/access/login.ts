import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html } from "hono/html";
import { type Layout, renderPage } from "../page/layout.ts";
import type { Html } from "../page/page.ts";
import { type Access, judgeToken, LOGIN_PATH } from "./require-token.ts";
import { startSession } from "./session-cookie.ts";

/** Far more than a token and a path need, in bytes. */
const MAX_FORM_BYTES = 8 * 1024;

/** The page where the user of a browser enters the token once. */
export function loginRoutes(access: Access, layout: Layout): Hono {
  // Without a session, no other page can be opened, so the navigation is empty.
  const page = (to: string, problem?: string): Html =>
    renderPage({ ...layout, pages: [] }, LOGIN_PATH, { title: "Sign in", body: renderForm(to, problem) });
  const routes = new Hono();
  routes.get(LOGIN_PATH, (context) => context.html(page(localPath(context.req.query("to")))));
  routes.post(LOGIN_PATH, bodyLimit({ maxSize: MAX_FORM_BYTES }), async (context) => {
    const form = await context.req.parseBody();
    const to = localPath(form["to"]);
    const verdict = await judgeToken(access, context, typeof form["token"] === "string" ? form["token"] : "");
    if (verdict === "right") {
      await startSession(context, access.token);
      return context.redirect(to, 303);
    }
    if (verdict === "wrong") return context.html(page(to, "That is not the token."), 401);
    const minutes = Math.ceil(verdict.waitSeconds / 60);
    context.header("retry-after", String(verdict.waitSeconds));
    return context.html(page(to, `Too many wrong tokens: try again in ${minutes} min.`), 429);
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

/** Where to go after the login. A form cannot redirect to another site. */
function localPath(to: unknown): string {
  const here = "http://localhost";
  if (typeof to !== "string" || !to.startsWith("/") || !URL.canParse(to, here)) return "/";
  const url = new URL(to, here);
  return url.origin === here ? `${url.pathname}${url.search}` : "/";
}
