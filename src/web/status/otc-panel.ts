import { html } from "hono/html";
import { formatCount, formatNumberOf } from "../../format/format.ts";
import type { CircuitStatus } from "../../throttle/read-circuit.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { renderTime } from "../page/time.ts";
import { renderWord } from "../page/word.ts";

/** The circuit, and the requests to OTC. */
export function renderOtcPanel(circuit: CircuitStatus): Html {
  const { failuresInRow, openedAt, requestsLastHour, lastRequestAt } = circuit;
  return html`<section class="panel row" aria-labelledby="otc">
    <h2 id="otc">OTC</h2>
    <ul>
      <li>
        ${
          openedAt === null
            ? renderWord(failuresInRow === 0 ? "good" : "warn", "circuit closed")
            : html`${renderWord("bad", "circuit open")} since ${renderTime(openedAt)}`
        }
      </li>
      <li>${formatNumberOf(requestsLastHour, "request")} in the last hour</li>
      <li>last request ${orUnknown(lastRequestAt, renderTime)}</li>
      <li>${formatCount(failuresInRow)} failed in a row</li>
    </ul>
  </section>`;
}
