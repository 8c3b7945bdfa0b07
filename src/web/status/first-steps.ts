import { html } from "hono/html";
import type { Html } from "../page/page.ts";

/** What to type into a terminal as long as no run is on record. */
const STEPS: readonly (readonly [command: string, meaning: string])[] = [
  ["otc-etl doctor", "checks the settings, the database and the access to OTC, and says what is missing"],
  ["otc-etl load", "loads all views; this page then shows how they are"],
  [
    "otc-etl import tickets.xlsx --view tickets",
    "loads an exported file instead, if you have no access to OTC",
  ],
  ["otc-etl worker", "loads the views every night from then on"],
];

/** The first page for an empty database. */
export function renderFirstSteps(): Html {
  return html`<section class="panel" aria-labelledby="first-steps">
    <h2 id="first-steps">Nothing has been loaded yet</h2>
    <p>Type in a terminal, in the directory with your settings (<code>.env</code>):</p>
    <dl class="steps">
      ${STEPS.map(
        ([command, meaning]) =>
          html`<dt><code>${command}</code></dt>
            <dd>${meaning}</dd>`,
      )}
    </dl>
    <p class="muted">
      In a checkout, put <code>npx</code> before each command. <code>npm run demo -- --serve</code> shows
      these pages with ninety invented nights.
    </p>
  </section>`;
}
