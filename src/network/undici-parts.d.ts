// undici declares the types of its package only as a whole.

declare module "undici/lib/api/index.js" {
  import type { Dispatcher } from "undici";

  const methods: Pick<Dispatcher, "request" | "stream" | "pipeline" | "upgrade" | "connect">;
  export default methods;
}

declare module "undici/lib/core/errors.js" {
  import { errors } from "undici";

  export default errors;
}

declare module "undici/lib/dispatcher/dispatcher.js" {
  import { Dispatcher } from "undici";

  export default Dispatcher;
}

declare module "undici/lib/dispatcher/env-http-proxy-agent.js" {
  import { EnvHttpProxyAgent } from "undici";

  export default EnvHttpProxyAgent;
}

declare module "undici/lib/interceptor/redirect.js" {
  import { interceptors } from "undici";

  export default interceptors.redirect;
}
