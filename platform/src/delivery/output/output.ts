/**
 * Text that a build or a release command produces, kept while it is produced and afterwards. One writer for each id;
 * readers may come before, while and after. Bounded: when it is too long, the oldest part is dropped and the text says
 * so where it was, because the end of a failed build tells why.
 */
export interface OutputStore {
  /** Begins an id's text anew; readers go over to it. */
  begin(id: string): Promise<void>;
  append(id: string, text: string): Promise<void>;
  /** No more text will come. Ending twice, or what never began, is fine. */
  end(id: string): Promise<void>;
  /**
   * Yields all there is at once, though that be the empty text, then what comes, until the text ends, is removed, or the
   * signal aborts. Throws not_found when the id has not begun.
   */
  read(id: string, signal: AbortSignal): AsyncIterable<string>;
  remove(id: string): Promise<void>;
}
