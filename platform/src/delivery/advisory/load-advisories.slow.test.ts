import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeAppendEvent } from "../../drivers/postgres/outbox/index.ts";
import { silentLogger } from "../../kernel/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { releaseAnImage } from "../release/release-fixtures.ts";
import { type Component, recordInventory } from "../sbom/index.ts";
import type { AdvisoryFile, AdvisorySource } from "./advisory-ports.ts";
import { listReleasesOf, listTouched, listTouching, listUnmatchedSets } from "./advisory-store.ts";
import { loadAdvisories, matchNewSets } from "./load-advisories.ts";

let world: TestDelivery;
let appId: string;
let told: Readonly<Record<string, unknown>>[];
const deps = () => {
  const append = makeAppendEvent(world.clock);
  const appendEvent: typeof append = async (trx, event) => {
    if (event.kind === "release.touched") told.push({ appId: event.appId, ...event.data });
    await append(trx, event);
  };
  return { ...world, appendEvent, logger: silentLogger };
};

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
  told = [];
});

const npm = (name: string, version: string): Component => {
  return { type: "npm", name, version, development: false, from: ["package-lock.json"] };
};

/** Releases an image that is made with these. */
async function releaseWith(digit: string, ...components: readonly Component[]): Promise<string> {
  const { imageDigest } = await releaseAnImage(world, appId, { web: "serve" }, digit);
  const inventory = { components, remarks: [] };
  const of = { appId, imageDigest: imageDigest ?? "", inventory, now: world.clock() };
  return await recordInventory(world.db, of);
}

let states = 0;
function database(...documents: readonly (object | string)[]): AdvisorySource {
  states += 1;
  const state = `state ${states}`;
  return {
    state: async () => state,
    async *read() {
      for (const [n, one] of documents.entries())
        yield {
          name: `${n}.json`,
          text: typeof one === "string" ? one : JSON.stringify(one),
        } satisfies AdvisoryFile;
    },
  };
}

const advisory = (id: string, name: string, fixed: string, more: object = {}) => ({
  ...{ id, modified: "2026-01-02T03:04:05Z", summary: `${name} is weak` },
  affected: [
    {
      package: { ecosystem: "npm", name },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
    },
  ],
  ...more,
});

const load = (source: AdvisorySource) => loadAdvisories(source, deps(), new AbortController().signal);
const touching = async (set: string) =>
  (await listTouching(world.db, set)).map(({ id, match }) => `${id} ${match.name}`);

describe("a database of advisories", () => {
  it("touches what releases are made with, and tells apps whose current release is", async () => {
    await releaseWith("1", npm("lodash", "4.17.20"));
    const set = await releaseWith("2", npm("lodash", "4.17.20"), npm("fine", "1.0.0"));
    await load(
      database(
        advisory("GHSA-1", "lodash", "4.17.21", { aliases: ["CVE-1"] }),
        advisory("GHSA-2", "fine", "1.0.0"),
      ),
    );
    expect(await touching(set)).toEqual(["GHSA-1 lodash"]);
    expect(told).toEqual([expect.objectContaining({ appId, version: 3, advisories: ["GHSA-1"], more: 0 })]);
    const [found] = await listTouched(world.db, "CVE-1");
    expect(found?.match).toMatchObject({ name: "lodash", version: "4.17.20", fixed: ["4.17.21"] });
    const sets = (await listTouched(world.db, "GHSA-1")).map(({ match }) => match.setDigest);
    const releases = (await listReleasesOf(world.db, sets, 10)).filter((one) => one.appId === appId);
    expect(releases.map(({ version, current }) => [version, current])).toEqual([
      [3, true],
      [2, false],
    ]);
  });

  it("in the same state is not read again, and in another tells only what is new", async () => {
    const set = await releaseWith("1", npm("a", "1.0.0"), npm("b", "1.0.0"));
    const first = database(advisory("A", "a", "2.0.0"));
    await load(first);
    await load({ ...first, read: () => Promise.reject(new Error("read again")) as never });
    told = [];
    await load(database(advisory("A", "a", "2.0.0"), advisory("B", "b", "2.0.0")));
    expect(told.map(({ advisories }) => advisories)).toEqual([["B"]]);
    told = [];
    await load(
      database(advisory("A", "a", "2.0.0", { summary: "other words" }), advisory("B", "b", "2.0.0")),
    );
    expect([told, await touching(set)]).toEqual([[], ["A a", "B b"]]);
  });

  it("forgets what was withdrawn, what was left out, and what touches less than before", async () => {
    const set = await releaseWith("1", npm("w", "1.5.0"), npm("x", "1.5.0"), npm("y", "1.5.0"));
    await load(
      database(advisory("W", "w", "2.0.0"), advisory("X", "x", "2.0.0"), advisory("Y", "y", "2.0.0")),
    );
    expect(await touching(set)).toHaveLength(3);
    await load(
      database(
        advisory("W", "w", "2.0.0", { withdrawn: "2026-01-03T00:00:00Z" }),
        advisory("Y", "y", "1.2.0"),
      ),
    );
    expect(await touching(set)).toEqual([]);
  });

  it("touches what is released after it was taken in", async () => {
    await load(database(advisory("N", "new", "2.0.0")));
    const set = await releaseWith("1", npm("new", "1.0.0"));
    expect(await touching(set)).toEqual([]);
    expect(await listUnmatchedSets(world.db)).toContain(set);
    await matchNewSets(deps());
    expect(await touching(set)).toEqual(["N new"]);
    expect(await listUnmatchedSets(world.db)).toEqual([]);
  });

  it("is read as far as it can be", async () => {
    const set = await releaseWith("1", npm("p", "1.0.0"));
    await load(database("{", { id: 7 }, advisory("P", "p", "2.0.0")));
    expect(await touching(set)).toEqual(["P p"]);
  });
});
