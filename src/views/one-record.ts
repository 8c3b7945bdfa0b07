import { RecordFramer } from "../json/record-framer.ts";
import { isTooComplex } from "./values/complexity.ts";

/**
 * Checks that a text can be one record of a document's list. A text that is too complex to be parsed is not checked to be
 * JSON, because a load rejects it in any case. But it has to end where the list continues: otherwise it would change the
 * records beside it.
 *
 * @throws Error that says why it is not one record
 */
export function checkOneRecord(json: Buffer): void {
  if (!isTooComplex(json, 0, json.length)) {
    JSON.parse(json.toString("utf8"));
    return;
  }
  const framer = new RecordFramer(json.length);
  for (const part of [Buffer.from("["), json, Buffer.from("]")]) framer.push(part, () => undefined);
  framer.finish();
  if (framer.records !== 1) throw new Error(`It is ${framer.records} values, separated by commas`);
}
