import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { AlertChannel } from "./alert-channel.ts";
import { lockAlerts, saveAlert } from "./alert-state.ts";
import { announce, type Notice } from "./announcement.ts";
import { deliver, type Delivery } from "./deliver.ts";
import { dueNotice } from "./due-notice.ts";
import type { AlertCondition } from "../config/values/setting-types.ts";
import { readClock } from "../database/clock.ts";
import type { Database, Transaction } from "../database/database.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import { readHealth } from "../runs/health/read-status.ts";
import { type StatusLimits, viewProblems } from "../runs/health/status-problems.ts";

/** What to check, and where to send alerts. */
export interface AlertRequest {
  readonly database: Database;
  readonly views: readonly View[];
  readonly channels: readonly AlertChannel[];
  /** The conditions to alert on. */
  readonly conditions: readonly AlertCondition[];
  readonly limits: StatusLimits;
  readonly log: Logger;
}

/** Time limit for the check and the delivery, in milliseconds, including the wait for another process that sends. */
const TIME_LIMIT_MS = 5000;

/**
 * Sends every channel, in one message, the conditions that have begun or ended since the last delivery. The deliveries are
 * recorded under a lock, so that only one of several processes sends. When all channels or the database fail, a warning is
 * logged, the alerts stay due, and nothing is thrown, so that no load fails. If a process dies between delivery and record,
 * the message is sent twice, which is better than never.
 */
export async function evaluateAlerts(request: AlertRequest): Promise<void> {
  if (request.conditions.length === 0) return;
  try {
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    await request.database.transaction((transaction) => sendWhatIsDue(transaction, request, signal), signal);
  } catch (error) {
    request.log.warn(`alerts were not checked: ${errorMessage(error)}`);
  }
}

async function sendWhatIsDue(
  transaction: Transaction,
  request: AlertRequest,
  signal: AbortSignal,
): Promise<void> {
  const { views, channels, conditions, limits, log } = request;
  const names = views.map((view) => view.name);
  const states = await lockAlerts(transaction, names, conditions);
  const healths = await readHealth(transaction, views, 0);
  const now = await readClock(transaction);
  const findings = states.map((state) => {
    const health = healths.find(({ view }) => view === state.view);
    const problem =
      health === undefined
        ? undefined
        : viewProblems(health, limits).find(({ condition }) => condition === state.condition);
    return {
      state,
      problem: problem?.text,
      remedy: problem?.remedy ?? undefined,
      ...dueNotice(state, problem !== undefined, now),
    };
  });
  const notices = findings.flatMap(({ due, seen, problem, remedy }): Notice[] => {
    if (due === undefined) return [];
    const { view, condition, brokenSince: since } = seen;
    return [{ view, condition, news: due.news, problem, remedy, since }];
  });
  const isDelivered =
    notices.length > 0 && (await deliver(deliveryOf(notices, request), channels, signal, log));
  for (const { state, seen, due } of findings) {
    const next = isDelivered && due !== undefined ? due.told : seen;
    if (!isDeepStrictEqual(next, state)) await saveAlert(transaction, next);
  }
}

function deliveryOf(notices: readonly Notice[], { database }: AlertRequest): Delivery {
  return {
    announcement: announce(notices, `${hostname()}, for ${database.location}`),
    news: notices.map(({ view, condition, news }) => `${view} ${condition}: ${news}`),
  };
}
