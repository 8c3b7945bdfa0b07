import type { CopyOptions, Parameter } from "../database.ts";

/** What the thread of the embedded database begins with. */
export interface PgliteStart {
  readonly directory: string;
  /** PGlite's WebAssembly, a `WebAssembly.Module`. Node's types leave it to those of browsers. */
  readonly module: object;
}

/** What the thread of the embedded database is asked for. */
export type PgliteRequest =
  | { readonly kind: "query"; readonly sql: string; readonly parameters: readonly Parameter[] | undefined }
  | { readonly kind: "script"; readonly sql: string }
  | {
      readonly kind: "copyIn";
      readonly target: string;
      /** Whole rows in the binary format, with header and trailer; moved to the thread. */
      readonly bytes: ArrayBuffer;
      readonly options: CopyOptions;
    }
  | { readonly kind: "copyOut"; readonly query: string }
  | { readonly kind: "close" };

export interface PgliteResult {
  readonly rows: readonly unknown[];
  readonly rowCount: number;
}

/** What it answers to the request with that id; 0 is the opening of the database. */
export type PgliteAnswer =
  | { readonly id: number; readonly kind: "result"; readonly result: PgliteResult }
  | {
      readonly id: number;
      readonly kind: "error";
      /** The message, and the parts of PostgreSQL's error. */
      readonly error: Readonly<Record<string, unknown>>;
    }
  | {
      readonly id: number;
      /** Comes before the result of `copyOut`. */
      readonly kind: "piece";
      readonly piece: ArrayBuffer;
      /** How much of it is used. */
      readonly bytes: number;
    };
