import { PassThrough, Readable } from "node:stream";
import type { LoadProgress } from "../../src/load/load-context.ts";
import { parseErrorLimit } from "../../src/load/error-limit.ts";
import type { Loader } from "../../src/loader/loader.ts";
import type { CommittedLoad, FailedLoad, LoadOutcome } from "../../src/runs/outcome.ts";
import type { RunKind } from "../../src/runs/run-kind.ts";
import type { PlannedLoad } from "../../src/load/plan/plan-outcome.ts";
import type { View } from "../../src/views/view.ts";

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
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** The API's document of some records. */
export function documentOf(records: readonly unknown[]): string {
  return JSON.stringify({ message: { data: records } });
}

/** Loads records, or a document byte for byte, as `--from -` does; a load that fails is an outcome as well. */
export async function attemptLoad(
  loader: Loader,
  view: View,
  document: readonly Fields[] | string | Readable,
  choices: LoadChoices = {},
): Promise<LoadOutcome> {
  const stdin = document instanceof Readable ? document : streamOf(document);
  const [outcome] = await loadViews(loader, [view], { ...choices, stdin });
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
  choices: LoadChoices & { readonly samples?: number } = {},
): Promise<PlannedLoad> {
  const [outcome] = await loader.plan({
    views: [view],
    errorLimit: choices.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(choices.maxErrors),
    allowShrink: choices.allowShrink ?? false,
    allowLate: choices.allowLate ?? true,
    ...(document === undefined ? {} : { file: { path: "-", stdin: streamOf(document) } }),
    samples: choices.samples ?? 5,
    signal: choices.signal ?? new AbortController().signal,
    onProgress: choices.onProgress ?? (() => undefined),
    onOutcome: () => undefined,
  });
  if (outcome === undefined) throw new Error(`The plan of ${view.name} had no outcome.`);
  if (outcome.status === "failed") throw outcome.error;
  return outcome;
}

/** Loads views from the API that the loader is configured with, or one from `stdin`. */
export function loadViews(
  loader: Loader,
  views: readonly View[],
  choices: LoadChoices & { readonly stdin?: Readable } = {},
): Promise<readonly LoadOutcome[]> {
  return loader.load({
    views,
    atomic: choices.atomic ?? false,
    errorLimit: choices.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(choices.maxErrors),
    allowShrink: choices.allowShrink ?? false,
    allowLate: choices.allowLate ?? true,
    full: choices.full ?? false,
    ...(choices.kind === undefined ? {} : { kind: choices.kind }),
    ...(choices.stdin === undefined ? {} : { file: { path: "-", stdin: choices.stdin } }),
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
