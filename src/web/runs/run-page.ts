import { html } from "hono/html";
import { formatCount, formatMegabytes, formatNumberOf, formatSeconds } from "../../format/format.ts";
import { readProgress, type RunningLoad } from "../../runs/queries/read-progress.ts";
import { countRejects, type RejectCount } from "../../runs/rejects/read-rejects.ts";
import { readNeighbours, readRun, type RunDetails } from "../../runs/queries/read-runs.ts";
import { liveRegion } from "../live/live-region.ts";
import { renderRunningLoad } from "../live/running-load.ts";
import { renderCommand } from "../page/command.ts";
import { orUnknown, renderFacts, renderKnownFacts } from "../page/facts.ts";
import type { Html, Page } from "../page/page.ts";
import { addressOf, idOf } from "../page/query.ts";
import { renderRemedy, renderText } from "../page/text.ts";
import { renderTime } from "../page/time.ts";
import { renderRejectCounts } from "../quarantine/reject-counts.ts";
import { renderRunWord } from "./run-word.ts";
import { renderSteps } from "./run-steps.ts";
import { repeatCommand } from "./repeat-command.ts";

/** The whole record of one run. */
export const runPage: Page = {
  path: "/runs/:id",
  content: async ({ database, views, params }) => {
    const runId = idOf(params["id"] ?? "");
    const run = await readRun(database, runId);
    if (run === undefined) {
      return {
        title: "No such run",
        status: 404,
        body: html`<p>No run has this number. <a href="/runs">All runs</a></p>`,
      };
    }
    const running = run.status === "running";
    const progress = running ? await readProgress(database, views) : [];
    const rejects = await countRejects(database, { runId });
    const neighbours = await readNeighbours(database, run);
    return {
      title: `Run ${runId} of ${run.view}`,
      body: html`${liveRegion(
        "run",
        running,
        html`<p class="lead">${renderRunWord(run)} ${run.kind}, ${orUnknown(run.startedAt, renderTime)}</p>
          ${
            running
              ? html`${renderProgress(progress.find((load) => load.runId === runId))} ${renderProcess(run)}`
              : html`${renderError(run)}
                  <div class="panels">
                    ${renderCounts(run)} ${renderDocument(run)} ${renderTransaction(run)}
                  </div>
                  ${renderSteps(run)} ${renderDrift(run)} ${renderCountedRejects(run)}
                  ${renderRejects(runId, rejects)} ${renderRepeat(run)}`
          }`,
      )}
      ${renderNeighbours(run.view, neighbours)}`,
    };
  },
};

/** The runs of the same view before and after this one. */
function renderNeighbours(
  view: string,
  { previous, next }: Awaited<ReturnType<typeof readNeighbours>>,
): Html {
  const link = (run: number | null, relation: string, text: string): Html | "" =>
    run === null ? "" : html`<a class="button" href="/runs/${run}" rel="${relation}">${text}</a>`;
  return html`<nav class="pager" aria-label="Runs of ${view}">
    ${link(previous, "prev", `← Run ${previous}`)} ${link(next, "next", `Run ${next} →`)}
    <a href="${addressOf("/runs", { view })}">all runs of ${view}</a>
  </nav>`;
}

function renderRepeat(run: RunDetails): Html | "" {
  const command = repeatCommand(run);
  if (command === undefined) return "";
  return html`<section aria-labelledby="repeat">
    <h2 id="repeat">Run it again</h2>
    <p>${renderCommand(command)}</p>
  </section>`;
}

/** What is known of a run while it runs. */
function renderProcess(run: RunDetails): Html {
  const known = [
    ["source", run.source],
    ["process", run.pid === null || run.host === null ? null : `${run.pid} on ${run.host}`],
    ["otc-etl", run.version],
  ] as const;
  return renderFacts(known.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}

function renderProgress(load: RunningLoad | undefined): Html {
  if (load !== undefined) return renderRunningLoad(load);
  return html`<p class="notice">
    The database has no session of this load: the load is just beginning or ending.
  </p>`;
}

/** Why the run failed or was not complete: the message, what to do next, and the code for scripts and alerts. */
function renderError({ error, errorCode, remedy, commits }: RunDetails): Html | string {
  if (error === null) return "";
  return html`<section class="${commits > 0 ? "notice" : "problems"}" aria-label="Why">
    <p>${renderText(error)}</p>
    ${renderRemedy(remedy)}
    ${errorCode === null ? "" : html`<p class="small">error code <code>${errorCode}</code></p>`}
  </section>`;
}

function renderCounts(run: RunDetails): Html {
  const count = (value: number | null): Html | string => orUnknown(value, formatCount);
  return html`<section class="panel" aria-labelledby="counts">
    <h2 id="counts">Records</h2>
    <p class="big">${count(run.fetched)} <small>fetched</small></p>
    ${renderKnownFacts([
      ["inserted", count(run.inserted)],
      ["updated", count(run.updated)],
      [
        "skipped",
        html`${count(run.skipped)}
          <span class="muted"
            >(${count(run.unchanged)} unchanged, ${count(run.duplicates)} duplicates)</span
          >`,
      ],
      ["errors", count(run.errors)],
      ["late, of those inserted", count(run.late)],
      ["missing", formatCount(run.missing)],
      ["returned", formatCount(run.returned)],
      ["rekeyed", formatCount(run.rekeyed)],
    ])}
    ${run.commits > 0 ? html`<p class="muted">inserted + updated + skipped + errors = fetched</p>` : ""}
  </section>`;
}

function renderDocument(run: RunDetails): Html {
  return html`<section class="panel" aria-labelledby="document">
    <h2 id="document">Document</h2>
    ${renderKnownFacts([
      ["source", orUnknown(run.source, (source) => source)],
      ["size", orUnknown(run.payloadBytes, formatMegabytes)],
      ["SHA-256", orUnknown(run.payloadSha256, (digest) => html`<code>${digest}</code>`)],
      ["archive", orUnknown(run.archiveError ?? run.archiveFile, (text) => text)],
      ["U+0000 removed", formatCount(run.nulsRemoved)],
      ["surrogates replaced", formatCount(run.surrogatesReplaced)],
    ])}
  </section>`;
}

function renderTransaction(run: RunDetails): Html {
  const outcome = run.commits > 0 ? "committed" : run.rollbacks > 0 ? "rolled back" : "none";
  return html`<section class="panel" aria-labelledby="transaction">
    <h2 id="transaction">Transaction</h2>
    ${renderKnownFacts([
      ["outcome", outcome],
      ["took", orUnknown(run.transactionSeconds, inSeconds)],
      ["the whole run", orUnknown(run.durationSeconds, inSeconds)],
      ["ended", orUnknown(run.endedAt, renderTime)],
      ["savepoints", formatCount(run.savepoints)],
      ["retries", formatCount(run.retries)],
      ["write-ahead log", orUnknown(run.walBytes, formatMegabytes)],
      ["peak memory", orUnknown(run.peakMemoryBytes, formatMegabytes)],
      ["process", html`${orUnknown(run.pid, String)} on ${orUnknown(run.host, (host) => host)}`],
      ["otc-etl", orUnknown(run.version, (version) => version)],
    ])}
  </section>`;
}

function inSeconds(seconds: number): string {
  return `${formatSeconds(seconds * 1000)} s`;
}

function renderDrift({ driftWarnings, unknownFields, absentFields }: RunDetails): Html | string {
  const unknown = Object.entries(unknownFields);
  if (driftWarnings.length + unknown.length + absentFields.length === 0) return "";
  return html`<section aria-labelledby="drift">
    <h2 id="drift">Fields</h2>
    ${renderFacts([
      ...driftWarnings.map(({ message }) => ["changed", message] as const),
      ...unknown.map(
        ([field, records]) =>
          [
            "not defined by the view",
            `${field} (${formatNumberOf(records, "record")}; rows keep it in extra)`,
          ] as const,
      ),
      ...absentFields.map((field) => ["in no record", field] as const),
    ])}
  </section>`;
}

/** Of a run whose rejected records are not all in quarantine: how many there were for each reason. */
function renderCountedRejects({ errors, rejectReasons, rejectsStored, status }: RunDetails): Html | string {
  if (status === "running" || rejectReasons === null || (rejectsStored ?? 0) >= (errors ?? 0)) return "";
  return html`<section aria-labelledby="counted">
    <h2 id="counted">Rejected records</h2>
    <p class="notice">
      ${formatCount(rejectsStored ?? 0)} of ${formatCount(errors ?? 0)} rejected records were stored in the
      quarantine. The others were counted only; OTC_MAX_STORED_REJECTS sets how many are stored.
    </p>
    ${renderFacts(Object.entries(rejectReasons).map(([reason, records]) => [reason, formatCount(records)]))}
  </section>`;
}

function renderRejects(runId: number, counts: readonly RejectCount[]): Html | string {
  if (counts.length === 0) return "";
  return html`<section aria-labelledby="rejects">
    <h2 id="rejects">Quarantine</h2>
    ${renderRejectCounts("Records of this run in quarantine, by reason", counts, { run: runId })}
  </section>`;
}
