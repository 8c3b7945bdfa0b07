import { OtcError } from "../errors/otc-error.ts";
import { checkHistoryColumns } from "../load/apply/history.ts";
import type { LoadContext } from "../load/load-context.ts";
import { COMMITTING } from "../load/load-observer.ts";
import type { LoadSource } from "../runs/load-source.ts";
import { pinTimeZone } from "../runs/pinned-time-zone.ts";
import { Shutdown } from "../shutdown/shutdown.ts";
import { checkedFileSource } from "../source/file-source.ts";
import { viewCatalog } from "../views/catalog.ts";
import { timeZoneNamed } from "../views/values/time-zone.ts";
import type { View } from "../views/view.ts";
import type { DocumentRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";

/**
 * What the loads of a request work with. No request is sent to OTC yet.
 *
 * @param options `records`: whether the time zone is recorded, if none is
 * @throws OtcError `usage`, `configuration`, `migration`, `database`
 */
export async function requestContext(
  loader: Loader,
  request: DocumentRequest,
  { records }: { readonly records: boolean },
): Promise<LoadContext> {
  const { settings } = loader;
  const catalog = await viewCatalog();
  checkHistoryColumns(settings.historyColumns, catalog);
  const sources = new Map<View, LoadSource>();
  for (const view of request.views) sources.set(view, await sourceOf(loader, view, request));
  await timeZoneNamed(settings.timezone);
  const missingModes = new Map(request.views.map((view) => [view, loader.missingModeOf(view)]));
  const database = await loader.migratedDatabase();
  const pinned = await pinTimeZone(database, { zone: settings.timezone, catalog, records });
  return {
    database,
    sourceOf: (view) => {
      const source = sources.get(view);
      if (source === undefined) throw new Error(`${view.name} is not among the views of the request.`);
      return source;
    },
    kind: request.kind ?? "load",
    archive: loader.archive,
    options: {
      errorLimit: request.errorLimit,
      allowShrink: request.allowShrink,
      allowLate: request.allowLate ?? false,
      keepNewer: request.keepNewer ?? false,
      full: request.full ?? false,
      maxKnownRows: settings.maxKnownRows,
      maxStoredRejects: settings.maxStoredRejects,
      maxRecordBytes: settings.maxRecordBytes,
      maxDocumentBytes: settings.maxDocumentBytes,
      retry: {
        retries: settings.retries,
        baseMs: settings.retryBaseMs,
        maxWaitMs: settings.maxPaceWaitMs,
      },
      pace: {
        requestIntervalMs: settings.requestIntervalMs,
        viewGapMs: settings.viewGapMs,
        requestsPerHour: settings.requestsPerHour,
      },
      maxPaceWaitMs: settings.maxPaceWaitMs,
      circuit: { failures: settings.breakerFailures, cooldownMs: settings.breakerCooldownMs },
      ignoreCircuit: request.ignoreCircuit ?? false,
      lockWaitMs: request.lockWaitMs ?? 0,
      timeoutMs: request.timeoutMs ?? settings.loadTimeoutMs,
      timeZone: await timeZoneNamed(pinned),
      missingModeOf: (view) => missingModes.get(view) ?? "ignore",
      looksForMissing: false,
      acceptMissing: request.acceptMissing ?? 0,
      historyColumns: settings.historyColumns,
    },
    observer: COMMITTING,
    log: loader.log,
    signal: request.signal,
    shutdown: Shutdown.of(request.signal),
    onProgress: request.onProgress,
    tracing: undefined,
  };
}

async function sourceOf(
  loader: Loader,
  view: View,
  { file, sourceOf, views }: DocumentRequest,
): Promise<LoadSource> {
  if (sourceOf !== undefined) return sourceOf(view);
  if (file === undefined) return loader.apiSource(view);
  if (views.length > 1) {
    throw new OtcError("usage", "A file contains the document of one view.", {
      remedy: "Name that view, for example `load tickets --from FILE`.",
    });
  }
  return checkedFileSource(file.path, file.stdin);
}
