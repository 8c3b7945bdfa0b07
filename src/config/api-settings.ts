import { OtcError } from "../errors/otc-error.ts";
import { readAuthorities } from "./read-authorities.ts";
import type { Settings } from "./settings.ts";

/** What a request to OTC authenticates with. */
export type ApiCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** What requests to OTC need. */
export interface RequiredApiSettings {
  readonly url: URL;
  readonly credentials: ApiCredentials;
  /** Certificates of further authorities, in PEM format. */
  readonly authorities: string | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly maxCompressionRatio: number;
}

/** @throws OtcError `configuration` naming every setting of the API that is missing */
export function requiredApiSettings(settings: Settings): RequiredApiSettings {
  const { apiUrl: url, apiCaFile, timeoutMs, maxCompressionRatio } = settings;
  const credentials = apiCredentials(settings);
  if (url === undefined || "missing" in credentials) {
    const missing = [
      ...(url === undefined ? ["OTC_API_URL"] : []),
      ...("missing" in credentials ? credentials.missing : []),
    ];
    throw new OtcError("configuration", `Not set: ${missing.join(", ")}.`, {
      remedy: "Set them in the environment or in .env (see .env.example), or load a file with --from.",
    });
  }
  const authorities = apiCaFile === undefined ? undefined : readAuthorities("OTC_API_CA_FILE", apiCaFile);
  return { url, credentials, authorities, timeoutMs, maxCompressionRatio };
}

function apiCredentials(settings: Settings): ApiCredentials | { readonly missing: readonly string[] } {
  const { apiAuth, apiUsername: username, apiPassword: password, apiToken: token } = settings;
  switch (apiAuth) {
    case "bearer":
      return token === undefined
        ? { missing: ["OTC_API_TOKEN (or OTC_API_TOKEN_FILE)"] }
        : { kind: "bearer", token };
    case "basic":
      if (username !== undefined && password !== undefined) return { kind: "basic", username, password };
      return {
        missing: [
          ...(username === undefined ? ["OTC_API_USERNAME"] : []),
          ...(password === undefined ? ["OTC_API_PASSWORD (or OTC_API_PASSWORD_FILE)"] : []),
        ],
      };
    default:
      return apiAuth satisfies never;
  }
}
