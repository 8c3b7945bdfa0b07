import type { Command } from "commander";
import { formatNumberOf } from "../../format/format.ts";
import type { CliContext } from "../cli-context.ts";
import { withSession } from "../session.ts";
import { prune } from "../../loader/prune.ts";

export interface PruneFlags {
  readonly json: boolean;
}

export async function runPrune(flags: PruneFlags, command: Command, context: CliContext): Promise<void> {
  const { stdout, signal } = context;
  await withSession(command, context, async ({ loader }) => {
    await loader.migratedDatabase();
    const pruned = await prune(loader, signal);
    signal.throwIfAborted();
    const { runs, rejects, requests } = pruned;
    stdout.write(
      flags.json
        ? `${JSON.stringify(pruned)}\n`
        : `Deleted: ${formatNumberOf(runs, "run")}, ${formatNumberOf(rejects, "rejected record")}, ${formatNumberOf(requests, "request")}.\n`,
    );
  });
}
