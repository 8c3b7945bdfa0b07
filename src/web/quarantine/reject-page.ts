import { html } from "hono/html";
import { readReject, type RejectDetails } from "../../runs/rejects/read-rejects.ts";
import { orUnknown, renderFacts } from "../page/facts.ts";
import type { Html, Page } from "../page/page.ts";
import { addressOf, idOf } from "../page/query.ts";
import { renderTime } from "../page/time.ts";
import { formatCount } from "../../format/format.ts";
import { indentJson } from "./indent-json.ts";

/** A longer record is cut, so that the page stays readable; in characters. */
const MAX_CHARACTERS = 100_000;

/** One rejected record, with its text as it was received. */
export const rejectPage: Page = {
  path: "/rejects/:id",
  content: async ({ database, params }) => {
    const reject = await readReject(database, idOf(params["id"] ?? ""));
    if (reject === undefined) {
      return {
        title: "No such record",
        status: 404,
        body: html`<p>
          It may have been reloaded by <code>otc-etl rejects retry</code>, or removed.
          <a href="/rejects">The quarantine</a>
        </p>`,
      };
    }
    return {
      title: `Record ${reject.rejectId} in quarantine`,
      lead: reject.message,
      body: html`${renderWhy(reject)} ${renderRecord(reject)}`,
    };
  },
};

function renderWhy(reject: RejectDetails): Html {
  const { view, runId, reason } = reject;
  return html`<section class="panel" aria-labelledby="why">
    <h2 id="why">Why</h2>
    ${renderFacts([
      ["reason", html`<a href="${addressOf("/rejects", { view, reason })}">${reason}</a>`],
      ["field", orUnknown(reject.field, (field) => field)],
      ["key", orUnknown(reject.key, (key) => key)],
      ["SQLSTATE", orUnknown(reject.sqlState, (state) => state)],
      ["view", view],
      ["run", html`<a href="/runs/${runId}">${runId}</a>`],
      ["position", formatCount(reject.position)],
      ["source", orUnknown(reject.source, (source) => source)],
      ["archive", orUnknown(reject.archiveFile, (file) => file)],
      ["since", renderTime(reject.rejectedAt)],
      [
        "last seen",
        html`in run <a href="/runs/${reject.lastSeenRunId}">${reject.lastSeenRunId}</a>, of
          ${formatCount(reject.timesSeen)} that rejected it`,
      ],
    ])}
  </section>`;
}

function renderRecord({ rejectId, raw, field }: RejectDetails): Html {
  const isWhole = raw.length <= MAX_CHARACTERS;
  return html`<section>
    <h2 id="record">The record as it was received</h2>
    ${
      isWhole
        ? ""
        : html`<p>
            The first ${formatCount(MAX_CHARACTERS)} of ${formatCount(raw.length)} characters;
            <code>otc-etl rejects show ${rejectId}</code> prints all.
          </p>`
    }
    <pre
      tabindex="0"
      role="region"
      aria-labelledby="record"
      data-copy="Copy the record"
    ><code>${isWhole ? markField(indentJson(raw), field) : raw.slice(0, MAX_CHARACTERS)}</code></pre>
  </section>`;
}

/** Marks the line of the field for which the record was rejected. */
function markField(text: string, field: string | null): Html | string {
  if (field === null) return text;
  const begin = `  ${JSON.stringify(field)}:`;
  // A template with the line feeds in it would be formatted with spaces.
  const parts = text
    .split(/(?<=\n)/)
    .map((line) => (line.startsWith(begin) ? html`<mark>${line}</mark>` : line));
  return html`${parts}`;
}
