import { findRole } from "../../apps/app/index.ts";
import type { ApiCall, ApiHandlers } from "../../http/index.ts";
import { apiTime, type Db, notFound } from "../../kernel/index.ts";
import { findRelease } from "../release/index.ts";
import { findSetOf } from "../sbom/index.ts";
import {
  type FoundAdvisory,
  findState,
  hasAdvisory,
  listReleasesOf,
  listTouched,
  listTouching,
} from "./advisory-store.ts";
import { type AdvisoryDependencies, matchNewSets } from "./load-advisories.ts";

/** Releases that one answer tells at the most. */
const MOST_RELEASES = 1_000;

export function advisoryHandlers(deps: AdvisoryDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/releases/{release}/advisories": async (call) => {
      await requireDatabase(deps.db);
      const release = await findRelease(deps.db, call.app.id, call.params.release ?? "");
      if (!release) throw notFound("release");
      const set = release.imageDigest && (await findSetOf(deps.db, call.app.id, release.imageDigest));
      if (!set) return { body: [] };
      await matchNewSets(deps);
      return { body: presentAdvisories(await listTouching(deps.db, set)) };
    },
    "GET /advisories/{advisory}/releases": async (call) => {
      await requireDatabase(deps.db);
      const identity = call.params.advisory ?? "";
      if (!(await hasAdvisory(deps.db, identity))) throw notFound("advisory");
      await matchNewSets(deps);
      return { body: await presentReleases(await listTouched(deps.db, identity), call, deps.db) };
    },
  };
}

/** Nothing is known to be touched where nothing was looked up: that is no empty list. */
async function requireDatabase(db: Db): Promise<void> {
  if (!(await findState(db))) throw notFound("advisory_database");
}

function presentAdvisories(found: readonly FoundAdvisory[]) {
  return [...Map.groupBy(found, ({ id }) => id)].map(([id, all]) => {
    const { modified, summary, aliases } = all[0] ?? { modified: null, summary: "", aliases: [] };
    return {
      ...{ id, summary, aliases },
      modified_at: modified && apiTime(modified),
      packages: all.map(({ match }) => presentMatch(match)),
    };
  });
}

function presentMatch({ name, version, development, fixed }: FoundAdvisory["match"]) {
  return { package: name, version, development, fixed };
}

/** Of apps that the caller has a role on: of others nobody learns that they are there. */
async function presentReleases(touched: readonly FoundAdvisory[], call: ApiCall, db: Db) {
  const bySet = Map.groupBy(touched, ({ match }) => match.setDigest);
  const releases = await listReleasesOf(db, [...bySet.keys()], MOST_RELEASES);
  const roles = new Map<string, string>();
  for (const { appId } of releases)
    if (!roles.has(appId)) roles.set(appId, await findRole(db, appId, call.principal.accountId));
  return releases
    .filter(({ appId }) => roles.get(appId) !== "none")
    .map(({ appId, appName, releaseId, version, current, setDigest }) => ({
      app: { id: appId, name: appName },
      release: { id: releaseId, version },
      current,
      packages: (bySet.get(setDigest) ?? []).map(({ match }) => presentMatch(match)),
    }));
}
