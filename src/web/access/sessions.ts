import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";

const COOKIE = "otc_etl_session";

/** A week, in seconds. */
const LIFETIME_SECONDS = 7 * 24 * 60 * 60;

interface Session {
  /** Seconds since the epoch. */
  readonly endsAt: number;
  readonly id: string;
}

/**
 * The sessions of browsers. The cookie contains the session's end and id, signed with the token (HMAC-SHA256), and not
 * the token itself. A change of the token invalidates all cookies. A session that was ended is remembered until this
 * process ends.
 */
export class Sessions {
  readonly #token: string;
  /** The end of each session whose user has signed out, by its id. */
  readonly #signedOut = new Map<string, number>();

  constructor(token: string) {
    this.#token = token;
  }

  /** The cookie requires TLS only if the browser used TLS. */
  async start(context: Context): Promise<void> {
    const endsAt = now() + LIFETIME_SECONDS;
    await setSignedCookie(context, COOKIE, `${endsAt}.${randomUUID()}`, this.#token, {
      path: "/",
      httpOnly: true,
      sameSite: "Strict",
      // A proxy sets this header. A client that sets it without a proxy locks out only itself.
      secure: context.req.header("x-forwarded-proto") === "https",
      maxAge: LIFETIME_SECONDS,
    });
  }

  /** Whether the browser has a session that has not ended. */
  async has(context: Context): Promise<boolean> {
    return (await this.#find(context)) !== undefined;
  }

  /** Ends the browser's session, also for copies of its cookie. */
  async end(context: Context): Promise<void> {
    const session = await this.#find(context);
    deleteCookie(context, COOKIE, { path: "/" });
    if (session === undefined) return;
    for (const [id, endsAt] of this.#signedOut) if (endsAt <= now()) this.#signedOut.delete(id);
    this.#signedOut.set(session.id, session.endsAt);
  }

  async #find(context: Context): Promise<Session | undefined> {
    const value = await getSignedCookie(context, this.#token, COOKIE);
    const [endsAt = "", id = ""] = typeof value === "string" ? value.split(".") : [];
    if (!(Number(endsAt) > now()) || this.#signedOut.has(id)) return undefined;
    return { endsAt: Number(endsAt), id };
  }
}

/** Seconds since the epoch. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}
