import { setTimeout as sleep } from "node:timers/promises";

/** For so long a value counts as new, in milliseconds: many who ask at once cost the database one read. */
const FRESH_MS = 1000;

/** Values that are remembered for the time when no new one can be had; one is a page of up to some 300 KB. */
const MAX_REMEMBERED = 50;

/** What was read, and when. */
export interface SharedValue<T> {
  readonly value: T;
  readonly readAt: Date;
  /** It is older than it should be: a new one did not come in time. */
  readonly old: boolean;
}

/** The database did not answer in time, and has not answered this before. */
export class NoAnswerYet extends Error {
  override readonly name = "NoAnswerYet";
}

interface Remembered<T> {
  readonly value: T;
  readonly readAt: number;
}

/**
 * Reads shared by all who ask the same: one at a time for each key, and none again within a second. Nobody waits longer
 * than `patienceMs`. The embedded database has one session, which a load keeps to itself; then what was read before has
 * to do.
 */
export class CoalescingCache<T> {
  readonly #patienceMs: number;
  readonly #pending = new Map<string, Promise<Remembered<T>>>();
  readonly #remembered = new Map<string, Remembered<T>>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** @throws NoAnswerYet, and what `read` throws */
  async get(key: string, read: () => Promise<T>): Promise<SharedValue<T>> {
    const last = this.#remembered.get(key);
    if (last !== undefined && performance.now() - last.readAt < FRESH_MS) return shared(last, false);
    const stop = new AbortController();
    const patience = sleep(this.#patienceMs, undefined, { signal: stop.signal, ref: false }).catch(
      () => undefined,
    );
    try {
      const value = await Promise.race([this.#read(key, read), patience]);
      if (value !== undefined) return shared(value, false);
    } finally {
      stop.abort();
    }
    if (last === undefined) throw new NoAnswerYet(`no answer in ${this.#patienceMs} ms`);
    return shared(last, true);
  }

  #read(key: string, read: () => Promise<T>): Promise<Remembered<T>> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const reading = read()
      .then((value) => this.#remember(key, value))
      .finally(() => this.#pending.delete(key));
    // Whoever asked may have gone away before it fails.
    reading.catch(() => undefined);
    this.#pending.set(key, reading);
    return reading;
  }

  /** The one that was read longest ago makes room. */
  #remember(key: string, value: T): Remembered<T> {
    const remembered = { value, readAt: performance.now() };
    this.#remembered.delete(key);
    this.#remembered.set(key, remembered);
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size > MAX_REMEMBERED) this.#remembered.delete(oldest);
    return remembered;
  }
}

function shared<T>({ value, readAt }: Remembered<T>, old: boolean): SharedValue<T> {
  return { value, readAt: new Date(performance.timeOrigin + readAt), old };
}
