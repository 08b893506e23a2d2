import { type DoomedProcess, makeDoomedProcess } from "../../drivers/postgres/store/crash-fixtures.ts";
import type { Claim, Db } from "../../kernel/index.ts";
import { makeFakeOutputStore, type TestDelivery } from "../release/delivery-fixtures.ts";
import type { DeployVerdict } from "../release/index.ts";
import { imageInfo } from "../release/release-fixtures.ts";
import type { RefMove } from "../source/index.ts";
import type { AttestBuild } from "./attempt-build.ts";
import type { Build } from "./build.ts";
import { reconcileBuilds } from "./build-reconciler.ts";
import { findBuildById } from "./build-store.ts";
import { makeFakeBuilder } from "./builder-fake.ts";
import { createBuild, type WantedBuild } from "./create-build.ts";
import { followUp } from "./follow-up.ts";

/** An app with builds, an engine that is scripted, and what a push would see of it all. */
export type TestBuilds = Awaited<ReturnType<typeof makeTestBuilds>>;

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export async function makeTestBuilds(world: TestDelivery) {
  const app = await world.newApp();
  const builder = makeFakeBuilder();
  const outputs = makeFakeOutputStore();
  const moves: string[] = [];
  const refs = new Map<string, string>();
  const fetched: string[] = [];
  const outside = {
    /** What the verifier will say of the dynos. */
    verdict: { kind: "up" } as DeployVerdict,
    /** What a source by address becomes, or why it cannot be had. */
    /** What is said of an image before it is on record. */
    attest: (async () => async () => {}) as AttestBuild,
    fetch: async (url: string): Promise<{ digest: string; warnings: readonly string[] }> => ({
      digest: `digest of ${url}`,
      warnings: [],
    }),
    /** The digest of a folder of a source. */
    cutSource: async (digest: string, folder: string) => ({ digest: `${folder} of ${digest}` }),
    readRef: async (_appId: string, ref: string): Promise<string | undefined> => refs.get(ref),
    moveRef: async (_appId: string, ref: string, { from, to }: RefMove) => {
      if (![from, to].includes(refs.get(ref))) throw new Error(`${ref} is at ${refs.get(ref)}`);
      refs.set(ref, to);
      moves.push(`${ref} to ${to.slice(0, 8)}`);
    },
    /** What of a process's claim still holds. */
    holdClaim: async (_trx: Db, _claim: Claim): Promise<void> => {},
  };
  const depsOf = (process: DoomedProcess) => {
    const deps = {
      ...world,
      db: process.database(world.db),
      builder: process.port(builder),
      outputs: process.port(outputs),
    };
    const { fetch, readRef, moveRef, cutSource, attest } = process.port(outside);
    const fetchSource = async (url: string) => {
      fetched.push(url);
      return await fetch(url);
    };
    const source = { fetchSource, cutSource, repositories: { readRef, moveRef } };
    const { holdClaim } = outside;
    return { ...deps, ...source, holdClaim, attest, timeoutSeconds: 900, lookMs: 5 };
  };
  return {
    app,
    builder,
    outputs,
    outside,
    moves,
    fetched,
    script: (source: string, how: Partial<Script> = {}) => builder.script(source, { ...SUCCEEDS, ...how }),
    accept: (wanted: Partial<WantedBuild> = {}) =>
      createBuild(
        { appId: app.id, actor: world.actor, sourceDigest: "good", sourceVersion: COMMIT, ...wanted },
        world,
      ),
    find: async (id: string): Promise<Build | undefined> => await findBuildById(world.db, id),
    /** One round by a process of its own, with everything it starts. */
    round: async (process: DoomedProcess = makeDoomedProcess(), signal = new AbortController().signal) => {
      const deps = depsOf(process);
      const telling = new Map<string, Promise<void>>();
      const follow = {
        ...deps,
        verifier: { verify: async () => outside.verdict },
        webUrlOf: async () => "http://app.localhost:8080/",
        // A process that is killed tries nothing again.
        troubleMs: 0,
      };
      const start = (build: Build) =>
        telling.set(build.id, telling.get(build.id) ?? followUp(build, follow, signal));
      try {
        return await reconcileBuilds(app.id, { ...deps, followUp: start }, signal);
      } finally {
        await Promise.all(telling.values());
      }
    },
  };
}

type Script = Parameters<ReturnType<typeof makeFakeBuilder>["script"]>[1];

const SUCCEEDS: Script = {
  output: ["-----> Building\n"],
  result: { kind: "succeeded", image: imageInfo({ web: "serve" }) },
};
