import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { LoadProgress } from "../../src/load/load-context.ts";
import { parseErrorLimit } from "../../src/load/guards/error-limit.ts";
import { loadDocuments } from "../../src/loader/load-documents.ts";
import { planDocuments } from "../../src/loader/plan-documents.ts";
import type { Loader } from "../../src/loader/loader.ts";
import type { CommittedLoad, FailedLoad, LoadOutcome } from "../../src/runs/outcome.ts";
import type { RunKind } from "../../src/runs/run-kind.ts";
import type { PlannedLoad } from "../../src/load/plan/plan-outcome.ts";
import type { DocumentSource } from "../../src/source/document-source.ts";
import type { View } from "../../src/views/view.ts";
import { scratchFolder } from "./scratch-folder.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** How a load of a test differs from the default. */
export interface LoadChoices {
  readonly maxErrors?: string;
  readonly allowShrink?: boolean;
  /** Default: true, because the dates of sample records are long ago. */
  readonly allowLate?: boolean;
  readonly atomic?: boolean;
  readonly kind?: RunKind;
  readonly full?: boolean;
  readonly acceptMissing?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** The API's document of some records. */
export function documentOf(records: readonly unknown[]): string {
  return JSON.stringify({ message: { data: records } });
}

/**
 * Loads records, or a document byte for byte, from a file, and a stream as `--from -` does. A load that fails is an outcome
 * as well.
 */
export async function attemptLoad(
  loader: Loader,
  view: View,
  document: readonly Fields[] | string | Readable,
  choices: LoadChoices = {},
): Promise<LoadOutcome> {
  if (document instanceof Readable) return loadOne(loader, view, { ...choices, stdin: document });
  const folder = await scratchFolder();
  const path = join(folder, `${view.name}.json`);
  try {
    await writeFile(path, typeof document === "string" ? document : documentOf(document));
    return await loadOne(loader, view, { ...choices, path });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function loadOne(loader: Loader, view: View, choices: FileChoices): Promise<LoadOutcome> {
  const [outcome] = await loadViews(loader, [view], choices);
  if (outcome === undefined) throw new Error(`The load of ${view.name} had no outcome.`);
  return outcome;
}

function streamOf(document: readonly Fields[] | string): Readable {
  return Readable.from(
    [Buffer.from(typeof document === "string" ? document : documentOf(document), "utf8")],
    // An empty chunk would end an object stream's reader before it began.
    { objectMode: false },
  );
}

/** Plans a load of the records, or of what the API serves, and expects it to be planned. */
export async function plan(
  loader: Loader,
  view: View,
  document?: readonly Fields[] | string,
  choices: LoadChoices & { readonly samples?: number; readonly sourceOf?: () => DocumentSource } = {},
): Promise<PlannedLoad> {
  const [outcome] = await planDocuments(loader, {
    views: [view],
    errorLimit: choices.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(choices.maxErrors),
    allowShrink: choices.allowShrink ?? false,
    allowLate: choices.allowLate ?? true,
    ...(document === undefined ? {} : { file: { path: "-", stdin: streamOf(document) } }),
    ...(choices.sourceOf === undefined ? {} : { sourceOf: choices.sourceOf }),
    samples: choices.samples ?? 5,
    signal: choices.signal ?? new AbortController().signal,
    onProgress: choices.onProgress ?? (() => undefined),
    onOutcome: () => undefined,
  });
  if (outcome === undefined) throw new Error(`The plan of ${view.name} had no outcome.`);
  if (outcome.status === "failed") throw outcome.error;
  return outcome;
}

type FileChoices = LoadChoices & { readonly path?: string; readonly stdin?: Readable };

/** Loads views from the API that the loader is configured with, or one from a file or `stdin`. */
export function loadViews(
  loader: Loader,
  views: readonly View[],
  { path, stdin, ...choices }: FileChoices & { readonly sourceOf?: () => DocumentSource } = {},
): Promise<readonly LoadOutcome[]> {
  const isFile = path !== undefined || stdin !== undefined;
  return loadDocuments(loader, {
    views,
    atomic: choices.atomic ?? false,
    errorLimit: choices.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(choices.maxErrors),
    allowShrink: choices.allowShrink ?? false,
    allowLate: choices.allowLate ?? true,
    full: choices.full ?? false,
    ...(choices.kind === undefined ? {} : { kind: choices.kind }),
    acceptMissing: choices.acceptMissing ?? 0,
    ...(choices.sourceOf === undefined ? {} : { sourceOf: choices.sourceOf }),
    ...(isFile ? { file: { path: path ?? "-", stdin: stdin ?? Readable.from([]) } } : {}),
    signal: choices.signal ?? new AbortController().signal,
    onProgress: choices.onProgress ?? (() => undefined),
    onOutcome: () => undefined,
  });
}

/** Loads and expects it to be committed. */
export async function load(
  loader: Loader,
  view: View,
  document: readonly Fields[] | string,
  choices: LoadChoices = {},
): Promise<CommittedLoad> {
  const outcome = await attemptLoad(loader, view, document, choices);
  if (outcome.status === "failed") throw outcome.error;
  return outcome;
}

/** A source that gives the records as the API would, without a server. */
export function apiSourceOf(records: readonly unknown[]): DocumentSource {
  const document = documentOf(records);
  return {
    kind: "api",
    canReopen: true,
    origin: "a test",
    open: () => Promise.resolve(Readable.from([Buffer.from(document)], { objectMode: false })),
  };
}

/** Loads records as if OTC had sent them, and expects it to be committed. */
export async function loadFromApi(
  loader: Loader,
  view: View,
  records: readonly unknown[],
  choices: LoadChoices = {},
): Promise<CommittedLoad> {
  const [outcome] = await loadViews(loader, [view], { ...choices, sourceOf: () => apiSourceOf(records) });
  if (outcome === undefined || outcome.status === "failed") throw outcome?.error ?? new Error("no outcome");
  return outcome;
}

/** Loads and expects it to fail. */
export async function failingLoad(
  loader: Loader,
  view: View,
  document: readonly Fields[] | string | Readable,
  choices: LoadChoices = {},
): Promise<FailedLoad> {
  const outcome = await attemptLoad(loader, view, document, choices);
  if (outcome.status !== "failed") throw new Error(`The load of ${view.name} was expected to fail.`);
  return outcome;
}

/** A load that has begun and stands still, its document half read, until it is told to go on. */
export interface HeldLoad {
  readonly outcome: Promise<LoadOutcome>;
  /** Sends the rest of the document. */
  finish(): void;
}

/** Begins a load of the records and resolves when the first of them have been read. */
export async function beginLoad(
  loader: Loader,
  view: View,
  records: readonly Fields[],
  choices: LoadChoices = {},
): Promise<HeldLoad> {
  const stdin = new PassThrough();
  const whole = documentOf(records);
  const begun = Promise.withResolvers<undefined>();
  stdin.write(whole.slice(0, -3));
  const outcome = attemptLoad(loader, view, stdin, {
    ...choices,
    onProgress: (progress) => {
      if (progress.step === "stage") begun.resolve(undefined);
    },
  });
  await Promise.race([
    begun.promise,
    outcome.then((early) => {
      throw new Error(`The load ended early: ${JSON.stringify(early)}`);
    }),
  ]);
  return { outcome, finish: () => stdin.end(whole.slice(-3)) };
}
