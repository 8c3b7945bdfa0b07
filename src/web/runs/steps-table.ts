import { html } from "hono/html";
import { formatSeconds } from "../../format/format.ts";
import type { RunDetails } from "../../runs/read-runs.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { renderTable } from "../page/table.ts";

/** The steps of a load with their time; what is left over was spent on locks, guards and the commit. */
export function renderSteps(run: RunDetails): Html {
  const steps: readonly (readonly [name: string, seconds: number | null])[] = [
    ["fetch: until the answer began, waits for the pace included", run.fetchSeconds],
    ["stage: the document into PostgreSQL", run.stageSeconds],
    ["classify: what is new, what has changed", run.classifySeconds],
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
          title: "part",
          numeric: true,
          cell: ([, seconds]) =>
            orUnknown(
              seconds === null || run.transactionSeconds === null || run.transactionSeconds === 0
                ? null
                : seconds / run.transactionSeconds,
              (part) => `${Math.round(100 * part)} %`,
            ),
        },
      ],
      steps,
      "",
    )}
  </section>`;
}
