import { granted } from "../api-call.ts";
import type { Journey } from "../journey.ts";
import { visit } from "../visit.ts";
import type { SeenApp, SeenRelease } from "./judge-app.ts";

/** Looks at an app from outside. Throws when the API does not answer as it should. */
export async function observeApp(journey: Journey, name: string): Promise<SeenApp> {
  const call = granted(journey.api);
  const get = (path: string) => call("GET", `/apps/${name}${path}`);
  // In the order in which one comes of another: where no build is pending its release is there, and so on.
  const [builds, releases, config, formation, dynos, page] = [
    await get("/builds"),
    await get("/releases"),
    await get("/config-vars"),
    await get("/formation"),
    await get("/dynos"),
    await visit(journey.platform.routerPort, `${name}.localhost`).catch(() => undefined),
  ];
  const current = releases.find((release: SeenRelease) => release.current);
  const answer = page?.status === 200 ? JSON.parse(page.body) : {};
  return {
    config,
    currentConfig: current ? await get(`/releases/${current.id}/config-vars`) : {},
    answer: { status: page?.status ?? 0, label: answer.label, greeting: answer.greeting },
    quantities: Object.fromEntries(
      formation.map(({ type, quantity }: { type: string; quantity: number }) => [type, quantity]),
    ),
    releases: releases.map(({ artifacts, ...release }: ListedRelease) => ({
      ...release,
      imageId: artifacts[0]?.id,
    })),
    pendingBuilds: builds.filter(({ status }: { status: string }) => status === "pending").length,
    dynos: dynos.map(
      ({ type, state, release }: { type: string; state: string; release: { version: number } }) => ({
        type,
        state,
        version: release.version,
      }),
    ),
  };
}

interface ListedRelease extends SeenRelease {
  readonly artifacts: readonly { readonly id: string }[];
}
