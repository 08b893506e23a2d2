/** What is to be read at `/.well-known/acme-challenge/` while a name is being proven. (RFC 8555 §8.3) */
export class PendingProofs {
  readonly #texts = new Map<string, string>();

  /** Returns what ends it. */
  add(host: string, token: string, text: string): () => void {
    const at = `${host}/${token}`;
    this.#texts.set(at, text);
    return () => {
      if (this.#texts.get(at) === text) this.#texts.delete(at);
    };
  }

  find(host: string, token: string): string | undefined {
    return this.#texts.get(`${host}/${token}`);
  }
}
