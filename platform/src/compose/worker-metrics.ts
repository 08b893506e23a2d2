import { type Builder, isContainerBuild, listAppsWithBuilds } from "../delivery/build/index.ts";
import { listAppsWithPending } from "../delivery/release/index.ts";
import { readLags } from "../drivers/postgres/outbox/index.ts";
import type { Db, ReconcilerOptions } from "../kernel/index.ts";
import type { Meter } from "../observe/metric/index.ts";
import type { DynoWatch } from "../runtime/dyno/index.ts";
import type { ControlContext } from "./control-context.ts";

/** The same reconciler, whose rounds are counted and timed. */
export function measureRounds(meter: Meter, options: ReconcilerOptions): ReconcilerOptions {
  const reconciler = options.name.replaceAll(" ", "_");
  const ended = (outcome: string, began: number) => {
    meter.add("conifer_reconciles_total", { reconciler, outcome });
    meter.observe("conifer_reconcile_seconds", { reconciler }, secondsSince(began));
  };
  return {
    ...options,
    began: (waited) => meter.observe("conifer_reconcile_lag_seconds", { reconciler }, waited),
    reconcile: async (key, signal) => {
      const began = performance.now();
      try {
        const outcome = await options.reconcile(key, signal);
        ended(outcome.kind, began);
        return outcome;
      } catch (thrown) {
        ended("failed", began);
        throw thrown;
      }
    },
  };
}

/** The same builder, whose builds are counted and timed. One that is no longer listened to is not counted. */
export function measureBuilds(builder: Builder, meter: Meter): Builder {
  return {
    ...builder,
    async *build(spec, signal) {
      const began = performance.now();
      const kind = isContainerBuild(spec) ? "container" : "buildpacks";
      for await (const news of builder.build(spec, signal)) {
        if (news.kind === "result") {
          meter.add("conifer_builds_total", { kind, result: news.result.kind });
          meter.observe("conifer_build_seconds", { kind }, secondsSince(began));
        }
        yield news;
      }
    },
  };
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}

/** Tells at each scrape what there is to do, and how many dynos there are. */
export function tellWork(
  { meter, db, clock }: Pick<ControlContext, "meter" | "db" | "clock">,
  watch: Dynos,
): void {
  const count = (list: (db: Db) => Promise<readonly string[]>) => async () => [
    { labels: {}, value: (await list(db)).length },
  ];
  meter.gauge("conifer_apps_with_builds", count(listAppsWithBuilds));
  meter.gauge("conifer_apps_with_releases", count(listAppsWithPending));
  const lags = () => readLags(db, clock());
  meter.gauge("conifer_outbox_unread_events", async () =>
    (await lags()).map(({ reader, events }) => ({ labels: { reader }, value: events })),
  );
  meter.gauge("conifer_outbox_lag_seconds", async () =>
    (await lags()).map(({ reader, seconds }) => ({ labels: { reader }, value: seconds })),
  );
  meter.gauge("conifer_dynos", () =>
    [...dynosByState(watch)].map(([state, value]) => ({ labels: { state }, value })),
  );
}

type Dynos = Pick<DynoWatch, "appIds" | "dynosOf">;

function dynosByState(watch: Dynos): ReadonlyMap<string, number> {
  const counts = new Map<string, number>([
    ["starting", 0],
    ["up", 0],
    ["crashed", 0],
  ]);
  for (const appId of watch.appIds())
    for (const { state } of watch.dynosOf(appId)) counts.set(state.kind, (counts.get(state.kind) ?? 0) + 1);
  return counts;
}
