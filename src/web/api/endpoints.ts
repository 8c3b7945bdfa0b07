import type { Endpoint } from "./endpoint.ts";
import { runsCsvEndpoint } from "./runs-csv-endpoint.ts";
import { runsEndpoint } from "./runs-endpoint.ts";
import { statusEndpoint } from "./status-endpoint.ts";

/** Every address for programs. */
export const ENDPOINTS: readonly Endpoint[] = [statusEndpoint, runsEndpoint, runsCsvEndpoint];
