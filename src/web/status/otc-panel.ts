import { html } from "hono/html";
import { formatCount } from "../../format/format.ts";
import type { CircuitStatus } from "../../throttle/read-circuit.ts";
import { orUnknown, renderFacts } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { renderTime } from "../page/time.ts";
import { renderWord } from "../page/word.ts";

/** The circuit, and the requests to OTC. */
export function renderOtcPanel(circuit: CircuitStatus): Html {
  const { failuresInRow, openedAt, requestsLastHour, lastRequestAt } = circuit;
  return html`<section class="panel" aria-labelledby="otc">
    <h2 id="otc">
      OTC ${openedAt === null ? renderWord("good", "circuit closed") : renderWord("bad", "circuit open")}
    </h2>
    ${renderFacts([
      ...(openedAt === null ? [] : [["open since", renderTime(openedAt)] as const]),
      ["requests", `${formatCount(requestsLastHour)} in the last hour`],
      ["last request", orUnknown(lastRequestAt, renderTime)],
      ["failures in a row", formatCount(failuresInRow)],
    ])}
  </section>`;
}
