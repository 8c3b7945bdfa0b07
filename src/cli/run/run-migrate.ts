import type { Command } from "commander";
import { adopt } from "../../adopt/adopt.ts";
import { type MigrationState, migrationStatus } from "../../database/migrations/migrations.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { viewsKeyedByTime } from "../../runs/pinned-time-zone.ts";
import { viewCatalog } from "../../views/catalog.ts";
import { isSameTimeZone, timeZoneNamed } from "../../views/values/time-zone.ts";
import type { CliContext } from "../cli-context.ts";
import { parsePartitionRequest, type PartitionRequest } from "../../partitions/partition-request.ts";
import type { DistributedTable } from "../../distribution/distribute-tables.ts";
import type { PartitionedTable } from "../../partitions/partition-table.ts";
import { formatNumberOf } from "../../format/format.ts";
import { renderAdoption } from "../render/render-adoption.ts";
import { type Session, withSession } from "../session.ts";
import { type Column, renderTable } from "../render/table.ts";
import { changeTimeZone } from "../../loader/change-time-zone.ts";
import { fillDerived, migrate } from "../../loader/migrate.ts";
import { distribute } from "../../loader/distribute.ts";
import { partitionTables } from "../../loader/partition-tables.ts";

export interface MigrateFlags {
  readonly status: boolean;
  readonly adopt: boolean;
  readonly dryRun: boolean;
  readonly timeZone?: string;
  readonly partition: readonly string[];
  readonly distribute: boolean;
  readonly json: boolean;
}

/** @throws OtcError `usage` when the flags contradict each other */
export async function runMigrate(flags: MigrateFlags, command: Command, context: CliContext): Promise<void> {
  if (flags.dryRun && !flags.adopt) {
    throw new OtcError("usage", "--dry-run requires --adopt.", {
      remedy: "`otc-etl migrate --status` shows what `otc-etl migrate` would apply.",
    });
  }
  if (flags.status && flags.adopt) {
    throw new OtcError("usage", "--status and --adopt exclude each other.", {
      remedy: "`otc-etl migrate --adopt --dry-run` shows what `--adopt` would do.",
    });
  }
  if (flags.timeZone !== undefined && (flags.status || flags.adopt)) {
    throw new OtcError("usage", "--time-zone excludes --status and --adopt.", {
      remedy: "`otc-etl migrate --adopt` reads the old times in OTC_TIMEZONE, and records it.",
    });
  }
  if (flags.partition.length > 0 && (flags.status || flags.adopt)) {
    throw new OtcError("usage", "--partition excludes --status and --adopt.", {
      remedy: "Run `otc-etl migrate --partition …` when the tables are adopted.",
    });
  }
  if (flags.distribute && (flags.status || flags.adopt || flags.partition.length > 0)) {
    throw new OtcError("usage", "--distribute excludes --status, --adopt and --partition.", {
      remedy: "Adopt the tables first. A table that is distributed cannot be partitioned by otc-etl.",
    });
  }
  const views = await viewCatalog();
  const divisions = flags.partition.map((text) => parsePartitionRequest(text, views));
  await withSession(command, context, async (session) => {
    if (flags.adopt) return adoptTables(flags, session, context);
    await updateTables(flags, session, context);
    if (divisions.length > 0) await runPartition(divisions, flags, session, context);
    const isSet = session.loader.settings.distribute !== undefined && !flags.status;
    if (flags.distribute || isSet) await runDistribute(flags, session, context);
  });
}

const MIGRATION_COLUMNS: readonly Column<MigrationState>[] = [
  { title: "migration", cell: ({ version }) => String(version).padStart(4, "0") },
  { title: "name", cell: ({ name }) => name },
  { title: "applied", cell: ({ appliedAt }) => appliedAt ?? "pending" },
];

async function updateTables(flags: MigrateFlags, session: Session, context: CliContext): Promise<void> {
  const { loader, options, layout } = session;
  const states = flags.status
    ? await migrationStatus(await loader.database())
    : await migrate(loader, context.signal);
  if (flags.json) {
    for (const state of states) context.stdout.write(`${JSON.stringify(state)}\n`);
  } else if (flags.status) {
    context.stdout.write(renderTable(MIGRATION_COLUMNS, states, layout));
  } else if (!options.quiet) {
    // The log names each migration.
    context.stdout.write(
      states.length === 0
        ? "Nothing to do: the database is up to date.\n"
        : `The database is up to date: ${formatNumberOf(states.length, "migration")} applied.\n`,
    );
  }
  if (flags.timeZone !== undefined) await runTimeZone(flags.timeZone, flags, session, context);
}

async function runPartition(
  requests: readonly PartitionRequest[],
  { json }: MigrateFlags,
  { loader, options }: Session,
  context: CliContext,
): Promise<void> {
  const done = await partitionTables(loader, requests, context.signal);
  if (json) {
    for (const table of done) context.stdout.write(`${JSON.stringify(table)}\n`);
  } else if (!options.quiet) {
    context.stdout.write(done.map((table) => `${partitionedLine(table)}\n`).join(""));
  }
}

async function runDistribute(
  { json }: MigrateFlags,
  { loader, options }: Session,
  context: CliContext,
): Promise<void> {
  const done = await distribute(loader, context.signal);
  if (json) {
    for (const table of done) context.stdout.write(`${JSON.stringify(table)}\n`);
  } else if (!options.quiet) {
    context.stdout.write(done.map((table) => `${distributedLine(table)}\n`).join(""));
  }
}

function distributedLine({ view, column, rows, wasDistributed }: DistributedTable): string {
  if (wasDistributed) return `${view} is distributed by ${column} already; nothing changes.`;
  return `${view} is distributed by ${column} now: ${formatNumberOf(rows, "row")} ${rows === 1 ? "was" : "were"} moved.`;
}

function partitionedLine(table: PartitionedTable): string {
  const { view, column, period, timeZone, rows, partitions, wasPartitioned } = table;
  const how = `by the ${period} of ${column} (${timeZone})`;
  if (wasPartitioned) return `${view} is partitioned ${how} already; nothing changes.`;
  const verb = rows === 1 ? "was" : "were";
  const moved = `${formatNumberOf(rows, "row")} ${verb} moved into ${formatNumberOf(partitions.length, "partition")}`;
  return `${view} is partitioned ${how} now: ${moved}. Loads create the partitions that their records need.`;
}

async function runTimeZone(
  timeZone: string,
  { json }: MigrateFlags,
  { loader, options }: Session,
  context: CliContext,
): Promise<void> {
  const previous = await changeTimeZone(loader, timeZone, context.signal);
  const isSame = previous !== null && (await isSameTimeZone(previous, timeZone));
  if (json) {
    context.stdout.write(`${JSON.stringify({ timeZone, previous })}\n`);
  } else if (!options.quiet && isSame) {
    context.stdout.write(`The time zone was ${previous} already; nothing changes.\n`);
  } else if (!options.quiet) {
    const lines = [
      `The time zone is ${timeZone} now; ${previous === null ? "no load has recorded one before" : `it was ${previous}`}.`,
      "The rows stay as they are. The next load of each view compares every record, and changes the times that have no zone in OTC.",
      ...viewsKeyedByTime(await viewCatalog()).map(
        ({ view, columns }) =>
          `${columns} is part of the key of ${view}: its records get other keys. Load it with --allow-late; the rows with the old keys are then missing in its document.`,
      ),
      ...((await isSameTimeZone(timeZone, loader.settings.timezone))
        ? []
        : [
            `OTC_TIMEZONE is still ${loader.settings.timezone}: set OTC_TIMEZONE=${timeZone} before the next load.`,
          ]),
    ];
    context.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }
}

async function adoptTables(
  { dryRun, json }: MigrateFlags,
  session: Session,
  context: CliContext,
): Promise<void> {
  const { loader, options, layout } = session;
  const { name: zone } = await timeZoneNamed(loader.settings.timezone);
  const steps = await adopt(await loader.database(), {
    views: await viewCatalog(),
    zone,
    dryRun,
    signal: context.signal,
  });
  if (!dryRun && steps !== undefined) await fillDerived(loader, context.signal);
  if (json) {
    for (const step of steps ?? []) context.stdout.write(`${JSON.stringify(step)}\n`);
  } else if (!options.quiet) {
    context.stdout.write(renderAdoption(steps, dryRun, layout));
  }
}
