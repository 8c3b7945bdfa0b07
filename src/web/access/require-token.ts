import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import { bearerToken, isToken } from "./access-token.ts";
import type { FailedTries } from "./failed-tries.ts";
import { hasSession } from "./session-cookie.ts";

/** What decides whether a client is admitted. */
export interface Access {
  readonly token: string;
  readonly tries: FailedTries;
  readonly log: Logger;
}

/** The path of the login page. */
export const LOGIN_PATH = "/login";

/** Admits clients with the token: programs by `Authorization: Bearer`, browsers by the cookie that the login page sets. */
export function requireToken(access: Access): MiddlewareHandler {
  return async (context, next) => {
    const bearer = bearerToken(context.req.header("authorization"));
    if (bearer === undefined) {
      if (await hasSession(context, access.token)) return next();
      return wantsHtml(context) ? context.redirect(loginUrl(context), 303) : unauthorized(context);
    }
    const verdict = await judgeToken(access, context, bearer);
    if (verdict === "right") return next();
    if (verdict === "wrong") return unauthorized(context);
    return context.text("Too many wrong tokens.\n", 429, { "retry-after": String(verdict.waitSeconds) });
  };
}

/** Checks a token that a client has sent. A wrong token is logged with the client's address. */
export async function judgeToken(
  { token, tries, log }: Access,
  context: Context,
  given: string,
): ReturnType<FailedTries["judge"]> {
  const address = getConnInfo(context).remote.address ?? "";
  const verdict = await tries.judge(address, () => isToken(given, token));
  if (verdict !== "right") log.warn({ address }, "a wrong token was sent to the status page");
  return verdict;
}

function unauthorized(context: Context): Response {
  return context.text("The token is missing or wrong.\n", 401, {
    "www-authenticate": 'Bearer realm="otc-etl"',
  });
}

function wantsHtml(context: Context): boolean {
  return context.req.header("accept")?.includes("text/html") === true;
}

/** The address of the login page, with the page to return to. */
function loginUrl(context: Context): string {
  const { pathname, search } = new URL(context.req.url);
  const to = `${pathname}${search}`;
  return to === "/" ? LOGIN_PATH : `${LOGIN_PATH}?${new URLSearchParams({ to }).toString()}`;
}
