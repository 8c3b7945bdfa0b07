import type { Page, PageRequest } from "../page/page.ts";

/** What a program gets: a value that is sent as JSON, with the keys that `--json` has on the command line. */
export interface Answer {
  readonly value: unknown;
  /** Default: 200. */
  readonly status?: 200 | 400;
}

/** An address for programs. `endpoints.ts` lists all of them; no other file refers to them. */
export interface Endpoint extends Pick<Page, "path" | "parameters"> {
  /** Reads. As with a page, identical requests of the same second share one call. */
  answer(request: PageRequest): Promise<Answer>;
}
