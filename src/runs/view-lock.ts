import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction } from "../database/database.ts";
import { MIGRATION_LOCK, tryLock, viewLock } from "../database/advisory-lock.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { View } from "../views/view.ts";
import { findHolder } from "./dead-runs.ts";

/** The interval at which a waiting load tries the lock again, in milliseconds. */
const POLL_MS = 250;

/** Which view to lock, and how long to wait. */
interface LockRequest {
  readonly view: View;
  /** This run, which is not reported as the holder of the lock. */
  readonly runId: number;
  /** The longest wait in milliseconds; 0 does not wait. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called once, before a wait, with the reason. */
  readonly onWait: (reason: string) => void;
}

/**
 * Locks the view until the transaction ends, and prevents migrations.
 *
 * @throws OtcError `locked`, with the run, host and process that hold the lock, when the view is being loaded
 */
export async function lockView(transaction: Transaction, request: LockRequest): Promise<void> {
  const deadline = performance.now() + request.waitMs;
  let told = false;
  for (;;) {
    const obstacle = await tryLocks(transaction, request);
    if (obstacle === undefined) return;
    if (performance.now() >= deadline) throw obstacle;
    if (!told) request.onWait(obstacle.message);
    told = true;
    await sleep(POLL_MS, undefined, { signal: request.signal });
  }
}

/** @returns the error, if a lock is not free */
async function tryLocks(
  transaction: Transaction,
  { view, runId }: LockRequest,
): Promise<OtcError | undefined> {
  if (!(await tryLock(transaction, MIGRATION_LOCK, "shared"))) {
    return new OtcError("locked", "A migration of this database is running.", {
      remedy: "Try again when it has ended.",
    });
  }
  if (await tryLock(transaction, viewLock(view.name), "exclusive")) return undefined;
  const holder = await findHolder(transaction, view, runId);
  const who =
    holder === undefined
      ? "another process, perhaps for a plan"
      : `run ${holder.runId} (process ${holder.pid} on ${holder.host}, since ${holder.since.toISOString()})`;
  return new OtcError("locked", `The view ${view.name} is being loaded by ${who}.`, {
    remedy: "Try again when that load has ended, or give --wait; `otc-etl status` shows it.",
  });
}
