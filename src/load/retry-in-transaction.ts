import type { Transaction } from "../database/database.ts";
import type { LoadContext } from "./load-context.ts";
import type { LoadState } from "./load-in-progress.ts";
import { loadInTransaction } from "./load-in-transaction.ts";
import type { CommittedLoad } from "../runs/outcome.ts";
import type { RejectDocument } from "../runs/rejects/reject-document.ts";
import type { RequestLog } from "../throttle/request-log.ts";
import { RetriedRejects } from "../runs/rejects/retried-rejects.ts";
import type { Run } from "../runs/run-log.ts";

/**
 * One load of records in quarantine: like any other, with the choice of the records before it and, in the same
 * transaction, the settling of what became of each behind it.
 */
export async function retryInTransaction(
  transaction: Transaction,
  run: Run,
  document: RejectDocument,
  context: LoadContext,
  requests: RequestLog,
  state: LoadState,
): Promise<CommittedLoad> {
  const rejects = new RetriedRejects(transaction, run);
  try {
    await rejects.choose(document.filter);
    await document.write(rejects.read());
    const committed = await loadInTransaction(transaction, run, context, requests, state);
    await rejects.settle();
    return committed;
  } finally {
    await document.dispose();
  }
}
