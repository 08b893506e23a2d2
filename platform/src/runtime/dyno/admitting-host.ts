import { type Clock, forbidden, type LogSink } from "../../kernel/index.ts";
import type { DynoSpec } from "./dyno.ts";
import type { DynoHost } from "./dyno-ports.ts";

export interface Admission {
  /** Why an app's image may not start, for users to read; undefined when it may. */
  readonly admit: (appId: string, image: string) => Promise<string | undefined>;
  /** Whether the engine has a dyno of this id already. */
  readonly runs: (dynoId: string) => boolean;
  readonly logs: LogSink;
  readonly clock: Clock;
}

/** Refusals of as many dynos are told once each. */
const MOST_TOLD = 10_000;

/**
 * A host that starts dynos only of images that may start. Of a formation it leaves out those that may not and tells why in the
 * app's log, once for each dyno; what runs already goes on. A one-off dyno it refuses: throws forbidden.
 */
export function admittingHost(host: DynoHost, { admit, runs, logs, clock }: Admission): DynoHost {
  const told = new Set<string>();
  const tell = ({ id, appId, name }: DynoSpec, message: string) => {
    if (told.has(id)) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.add(id);
    logs.write({ appId, time: clock(), source: "heroku", process: name, message: `Error: ${message}` });
  };
  return {
    async apply(app, claim) {
      const dynos: DynoSpec[] = [];
      for (const dyno of app.dynos) {
        const why = runs(dyno.id) ? undefined : await admit(dyno.appId, dyno.image);
        if (why === undefined) dynos.push(dyno);
        else tell(dyno, why);
      }
      await host.apply({ ...app, dynos }, claim);
    },
    async run(spec, options) {
      const why = await admit(spec.appId, spec.image);
      if (why === undefined) return await host.run(spec, options);
      tell(spec, why);
      throw forbidden(why);
    },
    restart: (dynoId) => host.restart(dynoId),
    attach: (dynoId) => host.attach(dynoId),
    stop: (dynoId) => host.stop(dynoId),
    watch: (signal) => host.watch(signal),
    runInside: (dynoId, command) => host.runInside(dynoId, command),
  };
}
