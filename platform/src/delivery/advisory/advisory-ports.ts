/** A document of a database of advisories, or why it cannot be had. */
export type AdvisoryFile =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly problem: string };

/** Where the operator keeps a database of advisories. */
export interface AdvisorySource {
  /** A text that changes when the database does. Throws what the operator should read when there is none. */
  state(): Promise<string>;
  /** All documents, one after the other. What is damaged is told and passed over. */
  read(signal: AbortSignal): AsyncIterable<AdvisoryFile>;
}
