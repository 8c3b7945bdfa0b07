import { createHash } from "node:crypto";
import { simulatedDocument, SIMULATED_VIEWS, type SimulatedView } from "../../src/simulator/document.ts";
import type { Scale } from "../../src/simulator/scale.ts";
import { CONTRACTS, expectedTable, type Rows, type SentRecord } from "../../test/support/expected-rows.ts";

/** What the source serves between two changes. */
export interface Served {
  readonly day: number;
  /** How many records of each document cannot be loaded. */
  readonly flaws: number;
}

/** A document as the model knows it. */
interface KnownDocument {
  readonly day: number;
  readonly records: readonly SentRecord[];
}

/** What a view's tables have to hold. */
export interface ExpectedView {
  /** All rows, those that were moved to the archive of missing rows included. */
  readonly rows: Rows;
  /** The keys of the last document. Their rows are in the table itself. */
  readonly present: ReadonlySet<string>;
  /** The rejected records of the last document, as they were sent. */
  readonly rejected: readonly SentRecord[];
}

const NOTHING: ExpectedView = { rows: new Map(), present: new Set(), rejected: [] };

/** The tables after the loads that are on record as committed, computed without the code of otc-etl. */
export class SourceModel {
  readonly #seed: number;
  readonly #scale: Scale;
  readonly #documents = new Map<string, KnownDocument>();
  readonly #views = new Map<SimulatedView, ExpectedView>();

  constructor(seed: number, scale: Scale) {
    this.#seed = seed;
    this.#scale = scale;
  }

  /** From now on the source may serve this. Loads of the day before may still be on their way. */
  serve({ day, flaws }: Served): void {
    for (const [id, document] of this.#documents) if (document.day < day - 1) this.#documents.delete(id);
    for (const view of SIMULATED_VIEWS) {
      const hash = createHash("sha256");
      const chunks: Buffer[] = [];
      const options = { view, seed: this.#seed, scale: this.#scale, day, flaws, corrections: true };
      for (const chunk of simulatedDocument(options)) {
        hash.update(chunk);
        chunks.push(chunk);
      }
      const { message } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        readonly message: { readonly data: readonly SentRecord[] };
      };
      this.#documents.set(`${view} ${hash.digest("hex")}`, { day, records: message.data });
    }
  }

  /** The SHA-256 of a day's documents, in hex. */
  sha256Of(day: number): readonly string[] {
    return [...this.#documents].flatMap(([id, known]) => (known.day === day ? [id.split(" ")[1] ?? ""] : []));
  }

  /**
   * A load is on record as committed.
   *
   * @param sha256 of its document, in hex
   * @returns the number of records of the document; undefined if the source never served it
   */
  commit(view: SimulatedView, sha256: string): number | undefined {
    const document = this.#documents.get(`${view} ${sha256}`);
    const contract = CONTRACTS.find(({ name }) => name === view);
    if (document === undefined || contract === undefined) return undefined;
    const { records } = document;
    const served = { contract, records, timeZone: "UTC" };
    const { rows, rejected } = expectedTable(served, this.expected(view).rows);
    const present = new Set(expectedTable(served).rows.keys());
    this.#views.set(view, { rows, present, rejected: rejected.map(({ record }) => record) });
    return records.length;
  }

  expected(view: SimulatedView): ExpectedView {
    return this.#views.get(view) ?? NOTHING;
  }
}
