import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** Allows only resources of this server and no inline code, forbids frames, and sends no referrer to other sites. */
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
    // A proxy provides TLS, so this header is the proxy's, too.
    strictTransportSecurity: false,
  });
}
