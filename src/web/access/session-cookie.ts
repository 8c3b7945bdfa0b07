import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";

const COOKIE = "otc_etl_session";

/** In seconds: a week. */
const LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/**
 * Lets the browser in from now on. The cookie holds when it ends, signed by the token (HMAC-SHA256), and not the token
 * itself; another token makes all cookies worthless. It goes over TLS only where the browser came that way.
 */
export async function startSession(context: Context, token: string): Promise<void> {
  const endsAt = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
  await setSignedCookie(context, COOKIE, String(endsAt), token, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    // A proxy says so; who says it without one locks nobody out but himself.
    secure: context.req.header("x-forwarded-proto") === "https",
    maxAge: LIFETIME_SECONDS,
  });
}

/** Whether the browser was let in, and not too long ago. */
export async function hasSession(context: Context, token: string): Promise<boolean> {
  const endsAt = await getSignedCookie(context, token, COOKIE);
  return typeof endsAt === "string" && Number(endsAt) > Date.now() / 1000;
}
