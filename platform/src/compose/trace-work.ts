import type { PhaseRunner } from "../drivers/embedded/builds/index.ts";
import type { TracedCall } from "../drivers/embedded/local/index.ts";
import type { AroundCall } from "../http/index.ts";
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

/** The same reconciler, each of whose rounds is a span. */
export function traceRounds(tracer: Tracer, options: ReconcilerOptions): ReconcilerOptions {
  const { name, reconcile } = options;
  return {
    ...options,
    reconcile: (key, signal) =>
      tracer.span({ name: `reconcile ${name}`, fields: { "conifer.key": key } }, async (span) => {
        const outcome = await reconcile(key, signal);
        span.set({ "conifer.outcome": outcome.kind });
        return outcome;
      }),
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
