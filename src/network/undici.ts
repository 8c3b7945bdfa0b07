// The parts of undici that are used. The package as a whole also loads fetch, WebSocket, caches and mocks: three quarters of
// its files, and a tenth of the CPU time of a load of an empty view. No part is hidden, and its version is exact.
import methods from "undici/lib/api/index.js";
import errors from "undici/lib/core/errors.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
import redirect from "undici/lib/interceptor/redirect.js";

// As the package as a whole does. Its own proxies call these methods too.
Object.assign(Dispatcher.prototype, methods);

export { type Dispatcher, EnvHttpProxyAgent, errors, redirect };
