import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** How many wrong tokens an address may send in the window. */
const TRIES = 10;

/** After too many wrong tokens, an address waits until its window has ended; in seconds. */
const WINDOW_SECONDS = 15 * 60;

/** Counts wrong tokens per client address. */
export class FailedTries {
  readonly #limiter = new RateLimiterMemory({ points: TRIES, duration: WINDOW_SECONDS });

  /**
   * Checks a token. It counts as wrong until it has proved right, so that parallel requests cannot exceed the limit.
   *
   * @returns the result, or how many seconds to wait before the address may try again
   */
  async judge(address: string, isRight: () => boolean): Promise<"right" | "wrong" | { waitSeconds: number }> {
    try {
      await this.#limiter.consume(address);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return { waitSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) };
    }
    if (!isRight()) return "wrong";
    await this.#limiter.reward(address);
    return "right";
  }
}
