import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { lockAlerts, saveAlert } from "./alert-state.ts";
import { announce, type Notice } from "./announcement.ts";
import { dueNotice } from "./due-notice.ts";
import { postAnnouncement, type Webhook } from "./webhook.ts";
import type { AlertCondition } from "../config/settings.ts";
import type { Database, Transaction } from "../database/database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import { abandonDeadRuns } from "../runs/dead-runs.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { readHealth, type ViewHealth } from "../runs/read-status.ts";
import { type StatusLimits, viewProblems } from "../runs/status-problems.ts";

/** What alerts are about, and who is told. */
export interface AlertRequest {
  readonly database: Database;
  readonly views: readonly View[];
  readonly webhook: Webhook;
  /** The conditions to tell of. */
  readonly conditions: readonly AlertCondition[];
  readonly limits: StatusLimits;
  /** What the load has come to after which this is asked; empty when time alone has passed. */
  readonly outcomes: readonly LoadOutcome[];
  readonly log: Logger;
}

/** For all of it, in milliseconds: another process that is telling is waited for no longer. */
const PATIENCE_MS = 5000;

/**
 * Tells the webhook, in one message, what has broken and what is well again since it was last told. What is told is on
 * record under a lock, so that of many processes one tells. When the webhook or the database fails, a warning says so, it
 * stays due, and nothing is thrown: no load is the worse for it. A process that dies between telling and recording makes
 * for a second message, which is better than none.
 */
export async function evaluateAlerts(request: AlertRequest): Promise<void> {
  if (request.conditions.length === 0) return;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await request.database.transaction((transaction) => tellWhatIsDue(transaction, request, signal), signal);
  } catch (error) {
    request.log.warn(`alerts were not looked at: ${errorMessage(error)}`);
  }
}

async function tellWhatIsDue(
  transaction: Transaction,
  request: AlertRequest,
  signal: AbortSignal,
): Promise<void> {
  const { database, views, conditions, limits, outcomes } = request;
  const names = views.map((view) => view.name);
  const states = await lockAlerts(transaction, names, conditions);
  for (const view of views) {
    // Just loaded, and its lock may be on its way to a load that waited for it.
    if (outcomes.some((outcome) => outcome.view === view.name)) continue;
    await abandonDeadRuns(transaction, database, view);
  }
  const healths = await readHealth(transaction, views, 0);
  const now = new Date();
  const looks = states.map((state) => {
    const health = healths.find(({ view }) => view === state.view);
    const problem =
      health === undefined
        ? undefined
        : viewProblems(health, limits).find(({ condition }) => condition === state.condition);
    const remedy = problem === undefined ? undefined : remedyOf(state.condition, health?.lastLoad, outcomes);
    return { state, problem: problem?.text, remedy, ...dueNotice(state, problem !== undefined, now) };
  });
  const notices = looks.flatMap(({ due, seen, problem, remedy }): Notice[] => {
    if (due === undefined) return [];
    const { view, condition, brokenSince: since } = seen;
    return [{ view, condition, news: due.news, problem, remedy, since }];
  });
  const told = notices.length > 0 && (await tell(notices, request, signal));
  for (const { state, seen, due } of looks) {
    const next = told && due !== undefined ? due.told : seen;
    if (!isDeepStrictEqual(next, state)) await saveAlert(transaction, next);
  }
}

/** @returns whether the webhook has taken it */
async function tell(
  notices: readonly Notice[],
  { webhook, database, log }: AlertRequest,
  signal: AbortSignal,
): Promise<boolean> {
  const news = notices.map(({ view, condition, news }) => `${view} ${condition}: ${news}`);
  try {
    await postAnnouncement(webhook, announce(notices, `${hostname()}, for ${database.location}`), signal);
    log.info({ news }, "alert told");
    return true;
  } catch (error) {
    const remedy = error instanceof OtcError ? error.remedy : undefined;
    log.warn({ news, remedy }, `alert not told, will try again after the next load: ${errorMessage(error)}`);
    return false;
  }
}

/** What to do about it, as far as this process knows. */
function remedyOf(
  condition: AlertCondition,
  last: ViewHealth["lastLoad"] | undefined,
  outcomes: readonly LoadOutcome[],
): string | undefined {
  if (condition === "partial" && last) return `otc-etl rejects list --run ${last.runId}`;
  if (condition !== "failed") return undefined;
  const outcome = outcomes.find(({ runId }) => runId === last?.runId);
  return outcome?.status === "failed" && outcome.error instanceof OtcError ? outcome.error.remedy : undefined;
}
