import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction } from "../database/database.ts";
import { MIGRATION_LOCK, tryLock, viewLock } from "../database/advisory-lock.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { View } from "../views/view.ts";
import { findHolder } from "./dead-runs.ts";

/** How often a waiting load looks whether the view is free, in milliseconds. */
const POLL_MS = 250;

/** Whom a load asks for the view, and how patient it is. */
interface LockRequest {
  readonly view: View;
  /** This run, which does not stand in its own way. */
  readonly runId: number;
  /** In milliseconds; 0 does not wait. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told once, before a wait, why. */
  readonly onWait: (reason: string) => void;
}

/**
 * Takes the view for this transaction, and keeps migrations away.
 *
 * @throws OtcError `locked` naming the run, host and process that holds it, when the view is being loaded
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

/** @returns what stands in the way, if anything */
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
      ? "another process, perhaps only to plan it"
      : `run ${holder.runId} (process ${holder.pid} on ${holder.host}, since ${holder.since.toISOString()})`;
  return new OtcError("locked", `The view ${view.name} is being loaded by ${who}.`, {
    remedy: "Try again when that load has ended, or give --wait; `otc-etl status` shows it.",
  });
}
