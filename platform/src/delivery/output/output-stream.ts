import type { IncomingMessage, ServerResponse } from "node:http";
import { openStreamUrl, signStreamUrl } from "../../http/index.ts";
import { BusinessError, type Clock, type Logger } from "../../kernel/index.ts";
import type { OutputStore } from "./output.ts";

const PATH = "/streams/output";
/** Clients keep these addresses: Terraform reads one again after a failed build. */
const LIFETIME_MS = 24 * 60 * 60 * 1_000;

export interface OutputStreamDependencies {
  readonly outputs: OutputStore;
  readonly clock: Clock;
  readonly key: Buffer;
  readonly logger: Logger;
  /** Aborted when Conifer stops. */
  readonly signal: AbortSignal;
}

/** A signed address of a build's or a release command's output. */
export function makeOutputUrl(deps: Pick<OutputStreamDependencies, "clock" | "key">) {
  return (origin: string, id: string): string => {
    const expires = new Date(deps.clock().getTime() + LIFETIME_MS);
    return signStreamUrl({ base: origin, path: PATH, params: { id }, expires, key: deps.key });
  };
}

/**
 * Serves those addresses as chunked text, or as events when asked for. 404 means "not ready yet": the client tries
 * again every second. (facts: platform API §5)
 */
export function makeOutputStreamHandler(deps: OutputStreamDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (!request.url?.startsWith(`${PATH}?`)) return false;
    const opened = openStreamUrl(request.url, deps.clock(), deps.key);
    if (opened.kind !== "valid") {
      response.writeHead(opened.kind === "expired" ? 410 : 403, {
        "content-type": "text/plain; charset=utf-8",
      });
      response.end("This address of an output is not valid any more. Read the build or the release again.\n");
      return true;
    }
    await serve(opened.params.id ?? "", { request, response, deps }).catch((thrown) => {
      if (thrown instanceof BusinessError && !response.headersSent) {
        response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
        return void response.end("There is no output yet.\n");
      }
      if (!response.destroyed) deps.logger.warn("an output stream broke off", { error: thrown });
      response.destroy();
    });
    return true;
  };
}

async function serve(
  id: string,
  {
    request,
    response,
    deps,
  }: { request: IncomingMessage; response: ServerResponse; deps: OutputStreamDependencies },
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const events = request.headers.accept?.includes("text/event-stream") ?? false;
  const type = events ? "text/event-stream" : "text/plain; charset=utf-8";
  for await (const text of deps.outputs.read(id, AbortSignal.any([deps.signal, gone.signal]))) {
    if (!response.headersSent) response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
    const chunk = events
      ? `${text
          .split("\n")
          .map((line) => `data: ${line}\n`)
          .join("")}\n`
      : text;
    if (!response.write(chunk))
      await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
  }
  if (!response.headersSent) response.writeHead(200, { "content-type": type });
  response.end();
}
