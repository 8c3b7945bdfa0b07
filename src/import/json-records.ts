import { RecordFramer } from "../json/record-framer.ts";

/**
 * The records of a JSON document, each as its bytes.
 *
 * @throws SourceError `document` unless it is a complete document with a list of records
 */
export async function* jsonRecords(
  chunks: AsyncIterable<Buffer>,
  maxRecordBytes: number,
): AsyncGenerator<Buffer> {
  const framer = new RecordFramer(maxRecordBytes);
  let framed: Buffer[] = [];
  for await (const chunk of chunks) {
    framer.push(chunk, (bytes, start, end) => framed.push(Buffer.from(bytes.subarray(start, end))));
    yield* framed;
    framed = [];
  }
  framer.finish();
}
