/** The database cannot be reached since a time, or can be reached again. */
interface DatabaseNews {
  readonly news: "broken" | "recovered";
  /** By the clock of this machine: the first attempt that failed. */
  readonly since: Date;
  /** Why it cannot be reached; undefined when it can. */
  readonly reason: string | undefined;
}

/** The shortest time between two attempts to tell the same, in milliseconds. */
const RETELL_MS = 60_000;

/**
 * Remembers what was told about the database while it cannot be reached, when no record of it can be kept there. It tells
 * once that the database is away, and once that it is back; news that could not be delivered are tried again.
 */
export class DatabaseWatch {
  readonly #tell: (news: DatabaseNews) => Promise<boolean>;
  readonly #patienceMs: number;
  #since: Date | undefined;
  #awayAt = 0;
  #isTold = false;
  #tried: { readonly news: DatabaseNews["news"]; readonly at: number } | undefined;

  /**
   * @param tell returns whether the news were delivered, or nobody is to be told
   * @param patienceMs how long the database may be away before that is told
   */
  constructor(tell: (news: DatabaseNews) => Promise<boolean>, patienceMs: number) {
    this.#tell = tell;
    this.#patienceMs = patienceMs;
  }

  /** To be called whenever the database could not be reached. */
  async isAway(reason: string): Promise<void> {
    if (this.#since === undefined) {
      this.#since = new Date();
      this.#awayAt = performance.now();
    }
    if (this.#isTold || performance.now() - this.#awayAt < this.#patienceMs) return;
    this.#isTold = await this.#tryToTell({ news: "broken", since: this.#since, reason });
  }

  /** To be called whenever the database has answered. */
  async isBack(): Promise<void> {
    if (this.#since === undefined) return;
    const isSettled =
      !this.#isTold || (await this.#tryToTell({ news: "recovered", since: this.#since, reason: undefined }));
    if (!isSettled) return;
    this.#since = undefined;
    this.#isTold = false;
    this.#tried = undefined;
  }

  async #tryToTell(news: DatabaseNews): Promise<boolean> {
    const now = performance.now();
    if (this.#tried?.news === news.news && now - this.#tried.at < RETELL_MS) return false;
    this.#tried = { news: news.news, at: now };
    return this.#tell(news);
  }
}
