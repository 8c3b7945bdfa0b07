/** Something a document can be fetched from: the API, or a file. */
export interface DocumentSource {
  /** Where the document comes from, without credentials: for the run's record and messages. */
  readonly origin: string;
  /** Whether another attempt is possible: a request can be repeated, standard input cannot. */
  readonly repeatable: boolean;
  /**
   * Begins to fetch the document.
   *
   * @returns its decompressed bytes, to be read once; ending the iteration early gives the connection or file back
   * @throws SourceError when there is no document to be had
   */
  open(signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}
