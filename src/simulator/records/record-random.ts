/** Independent sequences of one record, so that a new draw in one never shifts the values of another. */
const STREAMS = {
  ticket: 0x1b873593,
  ticketChange: 0x2c1b3c6d,
  comment: 0x3ad8025f,
  timesheet: 0x4cf5ad43,
  timesheetChange: 0x5bd1e995,
  day: 0x6b43a9b5,
  correction: 0x7f4a7c15,
} as const;

/**
 * Pseudo-random draws that depend only on (seed, stream, ordinal, part): the same record is the same in every
 * document, whatever was generated before it. Integer arithmetic only, so every machine draws the same.
 */
export class RecordRandom {
  #state: number;

  constructor(seed: number, stream: keyof typeof STREAMS, ordinal: number, part = 0) {
    // Ordinals pass 2^32 only at scales nobody runs twice, but the high half costs one operation.
    const high = Math.floor(ordinal / 0x1_0000_0000);
    let hash = scramble(seed ^ STREAMS[stream]);
    hash = scramble(hash ^ ordinal);
    this.#state = scramble(hash ^ Math.imul(high, 0x9e3779b1) ^ Math.imul(part, 0x85ebca77));
  }

  /** At least 0, less than 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return (scramble(this.#state) >>> 0) / 0x1_0000_0000;
  }

  /** An integer of at least 0 and less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** True in `share` of the draws (0 to 1). */
  chance(share: number): boolean {
    return this.fraction() < share;
  }

  /** `choices` must not be empty. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Up to `count` different choices, in any order. */
  sample<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.below(left.length), 1));
    return taken;
  }
}

function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return hash ^ (hash >>> 15);
}
