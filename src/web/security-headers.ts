import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** Everything comes from this server, nothing is inline, nobody frames it, and no address is told to others. */
export function securityHeaders(): MiddlewareHandler {
  const self = ["'self'"];
  const none = ["'none'"];
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: none,
      styleSrc: self,
      scriptSrc: self,
      imgSrc: self,
      connectSrc: self,
      formAction: self,
      baseUri: none,
      frameAncestors: none,
    },
    xFrameOptions: "DENY",
    referrerPolicy: "same-origin",
    // TLS is the proxy's business, and so is that promise.
    strictTransportSecurity: false,
  });
}
