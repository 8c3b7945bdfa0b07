import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** So many wrong tokens an address may send … */
const TRIES = 10;

/** … within this time, in seconds; then it has to wait until the time is over. */
const WINDOW_SECONDS = 15 * 60;

/** Wrong tokens, counted by the address they came from. */
export class FailedTries {
  readonly #limiter = new RateLimiterMemory({ points: TRIES, duration: WINDOW_SECONDS });

  /**
   * Judges a token. It counts as wrong until it has proved right, so that many at once are no way round.
   *
   * @returns how many seconds to wait before it is judged at all, or the verdict
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
