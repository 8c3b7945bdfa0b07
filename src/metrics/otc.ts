import { readCircuit } from "../throttle/read-circuit.ts";
import type { Scrape } from "./scrape.ts";

/** The circuit, and the requests to OTC. */
export async function addOtc({ exposition, database, settings }: Scrape): Promise<void> {
  const { openedAt, failuresInRow, requestsLastHour } = await readCircuit(database);
  exposition
    .gauge("otc_etl_circuit_open", [], "1 from when failed fetches open the circuit until a fetch succeeds.")
    .set(openedAt === null ? 0 : 1);
  exposition
    .gauge(
      "otc_etl_fetch_failures_in_row",
      [],
      "Fetches of any view that failed since the last successful one.",
    )
    .set(failuresInRow);
  exposition
    .gauge("otc_etl_requests_used", [], "Requests to OTC in the last sixty minutes, of every process.")
    .set(requestsLastHour);
  exposition
    .gauge(
      "otc_etl_requests_allowed",
      [],
      "Largest number of requests in sixty minutes: OTC_REQUESTS_PER_HOUR.",
    )
    .set(settings.requestsPerHour);
}
