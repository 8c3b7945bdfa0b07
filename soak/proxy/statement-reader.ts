/** What a client has sent: a statement, or a piece of the rows of a COPY. */
export interface SentStatement {
  /** The beginning of its text; `copy data` for rows. */
  readonly text: string;
  /** Where it begins in the chunk; 0 if it began in an earlier one. */
  readonly offset: number;
}

/** Types of messages of the frontend: simple query, parse, bind, rows of a COPY. */
const [QUERY, PARSE, BIND, COPY_DATA] = [0x51, 0x50, 0x42, 0x64];

/** The type and the length. */
const HEADER_BYTES = 5;

/** A longer text is cut; the step of a load is in the first bytes. */
const MOST_TEXT_BYTES = 400;

/** The name that a load gives to its session. */
const STEP = /otc-etl run \d+: (\w+)/;

/** In place of a step: before the first step of a load, and between the transactions of two. */
export const OUTSIDE = "outside";

/** Finds the statements in the bytes that one client sends, and the step of the load that it is in. */
export class StatementReader {
  step = OUTSIDE;
  #header = Buffer.alloc(0);
  #body = Buffer.alloc(0);
  #type = 0;
  #left = 0;
  #isStarted = false;

  /** The statements that end in this chunk, and the rows of a COPY that begin in it. */
  read(chunk: Buffer): readonly SentStatement[] {
    const found: SentStatement[] = [];
    let at = 0;
    let began = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        if (this.#header.length === 0) began = at;
        // The first message has no type.
        const wanted = (this.#isStarted ? HEADER_BYTES : HEADER_BYTES - 1) - this.#header.length;
        this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + wanted)]);
        at += wanted;
        if (at > chunk.length) return found;
        this.#type = this.#isStarted ? (this.#header[0] as number) : 0;
        this.#left = this.#header.readUInt32BE(this.#isStarted ? 1 : 0) - (HEADER_BYTES - 1);
        this.#header = Buffer.alloc(0);
        this.#body = Buffer.alloc(0);
        this.#isStarted = true;
        if (this.#type === COPY_DATA) found.push({ text: "copy data", offset: began });
        if (this.#left > 0) continue;
      }
      const part = chunk.subarray(at, at + this.#left);
      if (this.#body.length < MOST_TEXT_BYTES && this.#type !== COPY_DATA) {
        this.#body = Buffer.concat([this.#body, part.subarray(0, MOST_TEXT_BYTES)]);
      }
      this.#left -= part.length;
      at += part.length;
      if (this.#left === 0) this.#endMessage(found, began);
    }
    return found;
  }

  #endMessage(found: SentStatement[], offset: number): void {
    if (this.#type === BIND) {
      this.step = STEP.exec(this.#body.toString("latin1"))?.[1] ?? this.step;
    } else if (this.#type === QUERY || this.#type === PARSE) {
      const text = this.#body.toString("utf8").replaceAll("\0", " ").trim().toLowerCase();
      found.push({ text, offset });
    }
  }
}

/** Whether a statement ends a transaction. */
export function endsTransaction(text: string): boolean {
  return /^(commit|rollback)\b(?! to)/.test(text);
}
