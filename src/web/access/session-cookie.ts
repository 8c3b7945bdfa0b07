import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";

const COOKIE = "otc_etl_session";

/** A week, in seconds. */
const LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/**
 * Starts a session of the browser. The cookie contains its end, signed with the token (HMAC-SHA256), and not the token
 * itself. A change of the token invalidates all cookies. The cookie requires TLS only if the browser used TLS.
 */
export async function startSession(context: Context, token: string): Promise<void> {
  const endsAt = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
  await setSignedCookie(context, COOKIE, String(endsAt), token, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    // A proxy sets this header. A client that sets it without a proxy locks out only itself.
    secure: context.req.header("x-forwarded-proto") === "https",
    maxAge: LIFETIME_SECONDS,
  });
}

/** Whether the browser has a session that has not ended. */
export async function hasSession(context: Context, token: string): Promise<boolean> {
  const endsAt = await getSignedCookie(context, token, COOKIE);
  return typeof endsAt === "string" && Number(endsAt) > Date.now() / 1000;
}
