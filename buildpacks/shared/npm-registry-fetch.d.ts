/** The part of npm's own HTTP client that we use (it ships no types). */
declare module "npm-registry-fetch" {
  interface FetchOptions {
    /** Where a relative address begins. Left out: npm's own default. */
    registry?: string;
    headers?: Record<string, string>;
    /** Checked while the body is read (Subresource Integrity form); a mismatch rejects. */
    integrity?: string;
    ca?: readonly string[];
    fetchRetries?: number;
    /** Milliseconds without an answer. */
    timeout?: number;
    signal?: AbortSignal;
    [key: string]: unknown;
  }

  interface FetchedBody {
    readonly body: NodeJS.ReadableStream & AsyncIterable<Buffer>;
    text(): Promise<string>;
  }

  function npmRegistryFetch(address: string, options?: FetchOptions): Promise<FetchedBody>;
  namespace npmRegistryFetch {
    function json(address: string, options?: FetchOptions): Promise<unknown>;
  }
  export default npmRegistryFetch;
}
