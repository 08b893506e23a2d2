import { type AppendEvent, type Clock, type Db, errorText, type Logger } from "../../kernel/index.ts";
import { findComponents, listComponents } from "../sbom/index.ts";
import { type Advisory, parseAdvisory } from "./advisory.ts";
import type { AdvisorySource } from "./advisory-ports.ts";
import {
  type AdvisoryMatch,
  addMatches,
  dropOthers,
  findAffected,
  findState,
  findUnchanged,
  keepMatches,
  keepState,
  listReleasesOf,
  listUnmatchedSets,
  markAdvisories,
  noteMatched,
  putAdvisory,
} from "./advisory-store.ts";
import { touches } from "./match-advisory.ts";

export interface AdvisoryDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly appendEvent: AppendEvent;
  readonly logger: Logger;
}

/** Documents that are taken in together. */
const BATCH = 500;
const MOST_PROBLEMS = 20;
/** Releases of one state that are told of; more are nothing that anybody reads one by one. */
const MOST_TOLD = 10_000;
const MOST_NAMED = 10;

/**
 * Takes in the state that the operator's database is in now: what changed is matched with all that images are made with, and
 * apps whose current release is newly touched are told. Nothing is done for a state that was taken in already. Killed in
 * between, the next call goes on: what was matched is not told again.
 */
export async function loadAdvisories(
  source: AdvisorySource,
  deps: AdvisoryDependencies,
  signal: AbortSignal,
): Promise<void> {
  const state = await source.state();
  if ((await findState(deps.db))?.state === state) return;
  const problems: string[] = [];
  let count = 0;
  let batch: Advisory[] = [];
  const flush = async () => {
    await takeIn(batch, state, deps);
    batch = [];
  };
  for await (const file of source.read(signal)) {
    signal.throwIfAborted();
    try {
      if ("problem" in file) throw new Error(file.problem);
      batch.push(parseAdvisory(file.text));
      count += 1;
    } catch (thrown) {
      if (problems.length < MOST_PROBLEMS) problems.push(`${file.name}: ${errorText(thrown)}`);
    }
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  await dropOthers(deps.db, state);
  await keepState(deps.db, { state, now: deps.clock(), advisories: count, problems });
  deps.logger.info("advisories are taken in", { advisories: count, problems });
}

async function takeIn(all: readonly Advisory[], state: string, deps: AdvisoryDependencies): Promise<void> {
  // Two documents of one id: the later one counts.
  const advisories = [...new Map(all.map((one) => [one.id, one])).values()];
  await deps.db.transaction().execute(async (trx) => {
    const unchanged = await findUnchanged(trx, advisories);
    await markAdvisories(trx, [...unchanged], state);
    const changed = advisories.filter(({ id }) => !unchanged.has(id));
    for (const advisory of changed) await putAdvisory(trx, advisory, state);
    const matches = await matchAll(trx, changed);
    const added: AdvisoryMatch[] = [];
    for (const { id } of changed)
      added.push(
        ...(await keepMatches(
          trx,
          id,
          matches.filter(({ advisoryId }) => advisoryId === id),
        )),
      );
    await tell(trx, added, deps);
  });
}

/** What advisories touch among all packages that images are made with. */
async function matchAll(db: Db, advisories: readonly Advisory[]): Promise<readonly AdvisoryMatch[]> {
  const wanted = advisories
    .filter(({ withdrawn }) => !withdrawn)
    .flatMap(({ id, packages }) => packages.map((affected) => ({ advisoryId: id, affected })));
  const matches: AdvisoryMatch[] = [];
  for (const [type, ofType] of Map.groupBy(wanted, ({ affected }) => affected.type)) {
    const byName = Map.groupBy(ofType, ({ affected }) => affected.name);
    for (const component of await findComponents(db, type, [...byName.keys()]))
      for (const { advisoryId, affected } of byName.get(component.name) ?? []) {
        const touched = touches(component, affected);
        if (touched)
          matches.push({ ...matchOf(component), advisoryId, setDigest: component.setDigest, ...touched });
      }
  }
  return once(matches);
}

type Named = Pick<AdvisoryMatch, "type" | "name" | "version" | "development">;
const matchOf = ({ type, name, version, development }: Named): Named => ({
  type,
  name,
  version,
  development,
});

/** An advisory may speak of a package several times, and a set may hold it for several architectures. */
function once(matches: readonly AdvisoryMatch[]): readonly AdvisoryMatch[] {
  const keyOf = ({ advisoryId, setDigest, type, name, version }: AdvisoryMatch) =>
    JSON.stringify([advisoryId, setDigest, type, name, version]);
  return [...new Map(matches.map((match) => [keyOf(match), match])).values()];
}

/** Matches what images are made with that came since. Returns how many sets were looked at. */
export async function matchNewSets(deps: AdvisoryDependencies): Promise<number> {
  const sets = await listUnmatchedSets(deps.db);
  for (const setDigest of sets) {
    await deps.db.transaction().execute(async (trx) => {
      const components = await listComponents(trx, setDigest);
      const matches: AdvisoryMatch[] = [];
      for (const [type, ofType] of Map.groupBy(components, ({ type }) => type)) {
        const byName = Map.groupBy(ofType, ({ name }) => name);
        for (const { advisoryId, affected } of await findAffected(trx, type, [...byName.keys()]))
          for (const component of byName.get(affected.name) ?? []) {
            const touched = touches(component, affected);
            if (touched) matches.push({ ...matchOf(component), advisoryId, setDigest, ...touched });
          }
      }
      await addMatches(trx, once(matches));
      await noteMatched(trx, setDigest);
    });
  }
  return sets.length;
}

/** Tells each app whose current release is touched now and was not before. */
async function tell(trx: Db, added: readonly AdvisoryMatch[], deps: AdvisoryDependencies): Promise<void> {
  if (added.length === 0) return;
  const bySet = Map.groupBy(added, ({ setDigest }) => setDigest);
  const releases = await listReleasesOf(trx, [...bySet.keys()], MOST_TOLD);
  for (const { appId, releaseId, version, current, setDigest } of releases) {
    if (!current) continue;
    const ids = [...new Set((bySet.get(setDigest) ?? []).map(({ advisoryId }) => advisoryId))].sort();
    const data = {
      ...{ release_id: releaseId, version, advisories: ids.slice(0, MOST_NAMED) },
      more: Math.max(0, ids.length - MOST_NAMED),
    };
    await deps.appendEvent(trx, { kind: "release.touched", appId, actor: null, data });
  }
  deps.logger.info("advisories touch releases that they did not touch before", {
    advisories: new Set(added.map(({ advisoryId }) => advisoryId)).size,
    releases: releases.length,
  });
}
