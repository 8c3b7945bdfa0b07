import { html } from "hono/html";
import { formatSeconds } from "../../format/format.ts";
import type { RunDetails } from "../../runs/read-runs.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { renderTable } from "../page/table.ts";

/** The time of each step of a load; the rest of the transaction was spent on locks, guards and the commit. */
export function renderSteps(run: RunDetails): Html {
  const steps: readonly (readonly [name: string, seconds: number | null])[] = [
    ["fetch: until the answer began, including waits for the pace rules", run.fetchSeconds],
    ["stage: the document into PostgreSQL", run.stageSeconds],
    ["classify: compare with the table", run.classifySeconds],
    ["apply: update and insert", run.applySeconds],
    ["the transaction from BEGIN to its end", run.transactionSeconds],
  ];
  return html`<section aria-labelledby="steps">
    <h2 id="steps">Steps</h2>
    ${renderTable(
      "Time by step",
      [
        { title: "step", rowHeader: true, cell: ([name]) => name },
        {
          title: "seconds",
          numeric: true,
          cell: ([, seconds]) => orUnknown(seconds, (value) => formatSeconds(value * 1000)),
        },
        {
          title: "share",
          numeric: true,
          cell: ([, seconds]) =>
            orUnknown(
              seconds === null || run.transactionSeconds === null || run.transactionSeconds === 0
                ? null
                : seconds / run.transactionSeconds,
              (share) => `${Math.round(100 * share)} %`,
            ),
        },
      ],
      steps,
      "",
    )}
  </section>`;
}
