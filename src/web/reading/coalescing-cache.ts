import { setTimeout as sleep } from "node:timers/promises";

/** How long a value counts as new, in milliseconds, so that many requests at once cost the database one read. */
const FRESH_MS = 1000;

/** The number of values kept for when the database does not answer; a value is a page of up to some 300 KB. */
const MAX_REMEMBERED = 50;

/** What was read, and when. */
export interface SharedValue<T> {
  readonly value: T;
  readonly readAt: Date;
  /** The value is old, because a new one did not arrive in time. */
  readonly old: boolean;
}

/** The database did not answer in time, and there is no older value. */
export class NoAnswerYet extends Error {
  override readonly name = "NoAnswerYet";
}

interface Remembered<T> {
  readonly value: T;
  readonly readAt: number;
}

/**
 * Reads that are shared by all requests with the same key: one at a time per key, and none again within a second. No request
 * waits longer than `maxWaitMs`; then it gets an older value. That happens on the embedded database, whose only session a
 * load uses.
 */
export class CoalescingCache<T> {
  readonly #maxWaitMs: number;
  readonly #pending = new Map<string, Promise<Remembered<T>>>();
  readonly #remembered = new Map<string, Remembered<T>>();

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** @throws NoAnswerYet, and what `read` throws */
  async get(key: string, read: () => Promise<T>): Promise<SharedValue<T>> {
    const last = this.#remembered.get(key);
    if (last !== undefined && performance.now() - last.readAt < FRESH_MS) return shared(last, false);
    const stop = new AbortController();
    const timeout = sleep(this.#maxWaitMs, undefined, { signal: stop.signal, ref: false }).catch(
      () => undefined,
    );
    try {
      const value = await Promise.race([this.#read(key, read), timeout]);
      if (value !== undefined) return shared(value, false);
    } finally {
      stop.abort();
    }
    if (last === undefined) throw new NoAnswerYet(`no answer in ${this.#maxWaitMs} ms`);
    return shared(last, true);
  }

  /**
   * Like `get`, but never an older value.
   *
   * @throws NoAnswerYet when no new value arrives in time, and what `read` throws
   */
  async getNew(key: string, read: () => Promise<T>): Promise<T> {
    const { value, old } = await this.get(key, read);
    if (old) throw new NoAnswerYet(`no answer in ${this.#maxWaitMs} ms`);
    return value;
  }

  #read(key: string, read: () => Promise<T>): Promise<Remembered<T>> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const reading = read()
      .then((value) => this.#remember(key, value))
      .finally(() => this.#pending.delete(key));
    // The request may have timed out before the read fails.
    reading.catch(() => undefined);
    this.#pending.set(key, reading);
    return reading;
  }

  /** Keeps a value; the oldest value is dropped when there are too many. */
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
