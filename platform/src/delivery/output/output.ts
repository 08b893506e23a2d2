/**
 * Whose turn it is to write: the number of the claim that a writer has (design §3). Without one it is the last writer's turn
 * that goes on.
 */
export type Turn = number | undefined;

/**
 * Text that a build or a release command produces, kept while it is produced and afterwards. One writer for each id;
 * readers may come before, while and after. A call of an earlier turn than one that was seen throws `StaleClaim`: its writer
 * was stopped for so long that another has taken over. Bounded: when it is too long, the oldest part is dropped and the text says
 * so where it was, because the end of a failed build tells why.
 */
export interface OutputStore {
  /** Begins an id's text anew; readers go over to it. */
  begin(id: string, turn?: Turn): Promise<void>;
  append(id: string, text: string, turn?: Turn): Promise<void>;
  /** No more text will come. Ending twice, or what never began, is fine. */
  end(id: string, turn?: Turn): Promise<void>;
  /**
   * Yields all there is at once, though that be the empty text, then what comes, until the text ends, is removed, or the
   * signal aborts. Throws not_found when the id has not begun.
   */
  read(id: string, signal: AbortSignal): AsyncIterable<string>;
  remove(id: string): Promise<void>;
}
