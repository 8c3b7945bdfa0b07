import type { MiddlewareHandler } from "hono";
import { isLoopbackHostHeader } from "../../config/loopback.ts";

/** Refuses requests with other host names than those of this machine, when no token protects the pages. */
export function loopbackHostsOnly(): MiddlewareHandler {
  return async (context, next) => {
    if (isLoopbackHostHeader(context.req.header("host"))) return next();
    return context.text("This address is served under the names localhost and 127.0.0.1 only.\n", 421);
  };
}
