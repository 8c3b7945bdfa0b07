import type { Page, PageRequest } from "../page/page.ts";

/** A value that is sent as JSON, with the keys that `--json` has on the command line. */
export interface JsonAnswer {
  readonly value: unknown;
  /** Default: 200. */
  readonly status?: 200 | 400;
}

/** A file that browsers save. */
interface FileAnswer {
  readonly file: { readonly name: string; readonly type: string; readonly text: string };
}

/** What a program gets. */
export type Answer = JsonAnswer | FileAnswer;

/** An address for programs. `endpoints.ts` lists all of them; no other file refers to them. */
export interface Endpoint extends Pick<Page, "path" | "parameters"> {
  /** Reads. As with a page, identical requests of the same second share one call. */
  answer(request: PageRequest): Promise<Answer>;
}
