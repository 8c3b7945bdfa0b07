import type { MiddlewareHandler } from "hono";
import { isLoopbackHostHeader } from "./loopback.ts";

/** Where no token protects the pages, they are for browsers that mean this machine. */
export function loopbackHostsOnly(): MiddlewareHandler {
  return async (context, next) => {
    if (isLoopbackHostHeader(context.req.header("host"))) return next();
    return context.text("This address is served by the name localhost or 127.0.0.1 only.\n", 421);
  };
}
