import type { IncomingMessage, ServerResponse } from "node:http";
import { openStreamUrl, signStreamUrl } from "../../http/index.ts";
import { BusinessError, type Clock, type Logger } from "../../kernel/index.ts";
import type { OutputStore } from "./output.ts";

const PATH = "/streams/output";
/** Clients keep these addresses: Terraform reads one again after a failed build. */
const LIFETIME_MS = 24 * 60 * 60 * 1_000;
const PLAIN = "text/plain; charset=utf-8";

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
    if (request.method !== "GET" || !request.url?.startsWith(`${PATH}?`)) return false;
    const opened = openStreamUrl(request.url, deps.clock(), deps.key);
    if (opened.kind !== "valid") {
      const status = opened.kind === "expired" ? 410 : 403;
      say(
        response,
        status,
        "This address of an output is not valid any more. Read the build or the release again.\n",
      );
      return true;
    }
    const events = request.headers.accept?.includes("text/event-stream") ?? false;
    await serve(opened.params.id ?? "", { events, response, deps }).catch((thrown) => {
      const missing = thrown instanceof BusinessError && thrown.id === "not_found";
      if (missing && !response.headersSent) return say(response, 404, "There is no output yet.\n");
      if (!response.destroyed) deps.logger.warn("an output stream broke off", { error: thrown });
      response.destroy();
    });
    return true;
  };
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": PLAIN }).end(text);
}

interface Serving {
  readonly events: boolean;
  readonly response: ServerResponse;
  readonly deps: OutputStreamDependencies;
}

async function serve(id: string, { events, response, deps }: Serving): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const form = events ? asEvents() : asText;
  for await (const text of deps.outputs.read(id, AbortSignal.any([deps.signal, gone.signal]))) {
    begin(response, events);
    await write(response, form(text));
  }
  begin(response, events);
  await write(response, form(undefined));
  response.end();
}

/** The head goes out before there is any text, so that a client knows that it is connected. */
function begin(response: ServerResponse, events: boolean): void {
  if (response.headersSent) return;
  response.writeHead(200, {
    "content-type": events ? "text/event-stream" : PLAIN,
    "cache-control": "no-store",
  });
  response.flushHeaders();
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (text === "" || response.destroyed || response.write(text)) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

/** Takes pieces of text, and undefined at the end. */
type Form = (text: string | undefined) => string;

const asText: Form = (text) => text ?? "";

/** Whole lines as one event for each piece; a line that is not whole waits for its rest. */
function asEvents(): Form {
  let rest = "";
  return (text) => {
    const lines = (rest + (text ?? "")).split("\n");
    rest = text === undefined ? "" : (lines.pop() ?? "");
    const whole = text === undefined && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
    return whole.length === 0 ? "" : `${whole.map((line) => `data: ${line}\n`).join("")}\n`;
  };
}
