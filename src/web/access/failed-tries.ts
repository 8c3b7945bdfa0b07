import { setTimeout as sleep } from "node:timers/promises";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** How many wrong tokens an address may send in the window. */
const TRIES = 10;

/** How many wrong tokens all addresses together may send in the window. It also bounds the addresses that memory holds. */
const TRIES_OF_ALL = 100;

/** After too many wrong tokens, an address waits until its window has ended; in seconds. */
const WINDOW_SECONDS = 15 * 60;

/** How long the answer to a wrong token beyond the limits is held back, in milliseconds. */
const DELAY_MS = 1000;

/** Beyond this many answers that are held back, the others are sent at once, so that they do not pile up. */
const MAX_DELAYED = 100;

/** How many seconds to wait before the next try. */
export interface TooManyTries {
  readonly waitSeconds: number;
  /** Whether it is the first one beyond the limit in the window. */
  readonly first: boolean;
}

/**
 * Counts wrong tokens, per client address and in total, and slows them. The right token is never refused: behind a proxy
 * or a shared address, one client could otherwise lock out all others.
 */
export class FailedTries {
  readonly #perAddress = new RateLimiterMemory({ points: TRIES, duration: WINDOW_SECONDS });
  readonly #total = new RateLimiterMemory({ points: TRIES_OF_ALL, duration: WINDOW_SECONDS });
  #delayed = 0;

  /** @returns undefined if another try is allowed */
  async add(address: string): Promise<TooManyTries | undefined> {
    const refusal = (await refused(this.#total, "")) ?? (await refused(this.#perAddress, address));
    if (refusal === undefined) return undefined;
    if (this.#delayed < MAX_DELAYED) {
      this.#delayed += 1;
      await sleep(DELAY_MS, undefined, { ref: false });
      this.#delayed -= 1;
    }
    return {
      waitSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)),
      first: refusal.first,
    };
  }
}

interface Refusal {
  readonly msBeforeNext: number;
  readonly first: boolean;
}

async function refused(limiter: RateLimiterMemory, key: string): Promise<Refusal | undefined> {
  try {
    await limiter.consume(key);
    return undefined;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    const { msBeforeNext, consumedPoints } = refusal;
    return { msBeforeNext, first: consumedPoints === limiter.points + 1 };
  }
}
