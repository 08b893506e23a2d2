import type { IncomingMessage } from "node:http";
import type { PhaseRunner } from "../drivers/embedded/builds/index.ts";
import type { TracedCall } from "../drivers/embedded/local/index.ts";
import type { AroundCall, RawHandler } from "../http/index.ts";
import type { ReconcilerOptions } from "../kernel/index.ts";
import type { Tracer } from "../observe/trace/index.ts";

/** Each request of the API as a span, which goes on with its caller's trace. Paths are not told: they hold names. */
export function traceRequests(tracer: Tracer) {
  return ({ route, requestId, traceparent }: AroundCall, serve: () => Promise<void>): Promise<void> =>
    tracer.span(
      {
        ...{ name: route, kind: "server", traceparent },
        fields: { "http.route": route, "conifer.request_id": requestId },
      },
      serve,
    );
}

/** Calls of our other processes that are part of a trace, builds among them. */
export function traceCalls(tracer: Tracer) {
  return ({ route, traceparent }: TracedCall, work: () => Promise<void>): Promise<void> =>
    tracer.span({ name: route, kind: "server", traceparent, fields: { "http.route": route } }, work);
}

/** A request that is none of the API's routes, by a name without what is private in its path; undefined is not traced. */
function rawRouteOf({ method, url = "" }: IncomingMessage): string | undefined {
  const [path = ""] = url.split("?");
  const git = /^\/[^/]+\.git(\/info\/refs|\/git-(?:upload|receive)-pack)$/.exec(path)?.[1];
  if (git !== undefined) return `${method} /{app}.git${git}`;
  return path.startsWith("/source-uploads/") ? `${method} /source-uploads/{upload}` : undefined;
}

/** The same handler, each of whose requests for git or an upload is a span, which goes on with its caller's trace. */
export function traceRaw(tracer: Tracer, handle: RawHandler): RawHandler {
  return (request, response) => {
    const route = rawRouteOf(request);
    if (route === undefined) return handle(request, response);
    const traceparent = request.headers.traceparent?.toString();
    const options = { name: route, kind: "server", traceparent, fields: { "http.route": route } } as const;
    return tracer.span(options, () => handle(request, response));
  };
}

export interface TracedRounds extends ReconcilerOptions {
  /** The next round of a key goes on with this trace; the last that is told wins. A round is to follow. */
  goOn(key: string, traceparent: string): void;
}

/** The same reconciler, each of whose rounds is a span: in the trace in which the change was made, when that is known. */
export function traceRounds(tracer: Tracer, options: ReconcilerOptions): TracedRounds {
  const { name, reconcile } = options;
  const causes = new Map<string, string>();
  return {
    ...options,
    goOn: (key, traceparent) => causes.set(key, traceparent),
    reconcile: (key, signal) => {
      const traceparent = causes.get(key);
      causes.delete(key);
      // A round may be begun from within another's, whose end made room for it.
      const span = { name: `reconcile ${name}`, traceparent, apart: true, fields: { "conifer.key": key } };
      return tracer.span(span, async (span) => {
        const outcome = await reconcile(key, signal);
        span.set({ "conifer.outcome": outcome.kind });
        return outcome;
      });
    },
  };
}

/** The same runner, each of whose phases is a span with the program's name; its arguments are not told. */
export function tracePhases(tracer: Tracer, runner: PhaseRunner): PhaseRunner {
  return {
    ...runner,
    run: (job, signal) => tracer.span({ name: `phase ${phaseOf(job.argv)}` }, () => runner.run(job, signal)),
  };
}

/** Phases of our own are scripts of Node.js, by the first argument that is no flag. */
function phaseOf([program, ...args]: readonly string[]): string {
  const script = args.find((arg) => !arg.startsWith("-"));
  const named = program?.endsWith("/node") && script !== undefined ? script : (program ?? "");
  return named.slice(named.lastIndexOf("/") + 1).replace(/\.[cm]?[jt]s$/, "");
}
