import type { BlockList } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import { bearerToken, isToken } from "./access-token.ts";
import { clientAddress } from "./client-address.ts";
import { FailedTries } from "./failed-tries.ts";
import { Sessions } from "./sessions.ts";

/** What decides whether a client is admitted. */
export interface Access {
  readonly token: string;
  readonly tries: FailedTries;
  readonly sessions: Sessions;
  readonly trustedProxies: BlockList;
  readonly log: Logger;
}

/** The path of the login page, and the one that ends a session. */
export const LOGIN_PATH = "/login";
export const LOGOUT_PATH = "/logout";

export function accessWith(token: string, trustedProxies: BlockList, log: Logger): Access {
  return { token, tries: new FailedTries(), sessions: new Sessions(token), trustedProxies, log };
}

/** Admits clients with the token: programs by `Authorization: Bearer`, browsers by the cookie that the login page sets. */
export function requireToken(access: Access): MiddlewareHandler {
  return async (context, next) => {
    const bearer = bearerToken(context.req.header("authorization"));
    if (bearer === undefined) {
      if (await access.sessions.has(context)) return next();
      return wantsHtml(context) ? context.redirect(loginUrl(context), 303) : unauthorized(context);
    }
    const verdict = await judgeToken(access, context, bearer);
    if (verdict === "right") return next();
    if (verdict === "wrong") return unauthorized(context);
    return context.text("Too many wrong tokens.\n", 429, { "retry-after": String(verdict.waitSeconds) });
  };
}

/** Checks a token that a client has sent. A wrong token is logged with the client's address, as long as another is allowed. */
export async function judgeToken(
  { token, tries, trustedProxies, log }: Access,
  context: Context,
  given: string,
): Promise<"right" | "wrong" | { readonly waitSeconds: number }> {
  if (isToken(given, token)) return "right";
  const address = clientAddress(context, trustedProxies);
  const refusal = await tries.add(address);
  if (refusal === undefined) log.warn({ address }, "a wrong token was sent to the status page");
  else if (refusal.first) log.warn({ address }, "too many wrong tokens were sent to the status page");
  return refusal ?? "wrong";
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
