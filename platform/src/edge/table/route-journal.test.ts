import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import { appRoute } from "../route/route-fixtures.ts";
import { testRouteTable } from "../route/route-table-suite.ts";
import { openRouteJournal, type RouteJournal } from "./route-journal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-routes-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(compactAfter?: number): Promise<RouteJournal> {
  const file = join(folder, "state", "router.json");
  return openRouteJournal({ file, logger: silentLogger, ...(compactAfter ? { compactAfter } : {}) });
}

testRouteTable("kept on disk", async () => {
  const own = mkdtempSync(join(tmpdir(), "conifer-routes-"));
  const journal = await openRouteJournal({ file: join(own, "router.json"), logger: silentLogger });
  return {
    routes: journal.routes,
    find: (host) => journal.table.find(host),
    news: (told) => journal.table.news(told),
    close: async () => {
      await journal.stop();
      rmSync(own, { recursive: true, force: true });
    },
  };
});

describe("a route journal", () => {
  it("starts empty, and with what was acknowledged ever after", async () => {
    const first = await open();
    expect(first.table.routes()).toEqual([]);
    await first.routes.replace(1, [appRoute("one"), appRoute("two")]);
    await first.routes.put(2, appRoute("one", { maintenance: true }));
    await first.routes.remove(3, "id-of-two");
    // Not stopped: as after kill -9.
    const second = await open();
    expect(second.table.routes()).toEqual([appRoute("one", { maintenance: true })]);
    expect(second.table.write({ kind: "put", version: 2, route: appRoute("two") })).toBe(false);
    await first.stop();
    await second.stop();
  });

  it("leaves out a line that was cut off", async () => {
    const first = await open();
    await first.routes.put(1, appRoute("one"));
    await first.stop();
    appendFileSync(join(folder, "state", "router.json"), '{"kind":"put","version":2,"route":{"app');
    const second = await open();
    expect(second.table.routes()).toEqual([appRoute("one")]);
    await second.routes.put(3, appRoute("two"));
    await second.stop();
    const third = await open();
    expect(third.table.routes()).toHaveLength(2);
    await third.stop();
  });

  it("goes on after a line that cannot be read, and says so", async () => {
    const file = join(folder, "router.json");
    const put = JSON.stringify({ kind: "put", version: 1, route: appRoute("one") });
    writeFileSync(file, `nonsense\n${put}\n`);
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
    const journal = await openRouteJournal({ file, logger });
    expect(journal.table.routes()).toEqual([appRoute("one")]);
    expect(errors).toEqual(["route table line not readable"]);
    await journal.stop();
  });

  it("is written anew after so many changes, and stays small and private", async () => {
    const journal = await open(10);
    for (let version = 1; version <= 25; version += 1) {
      await journal.routes.put(version, appRoute("one", { webQuantity: version }));
    }
    await journal.stop();
    const file = join(folder, "state", "router.json");
    expect(readFileSync(file, "utf8").trim().split("\n").length).toBeLessThan(12);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "state"))).toEqual(["router.json"]);
    const again = await open();
    expect(again.table.routes()).toEqual([appRoute("one", { webQuantity: 25 })]);
    await again.stop();
  });

  it("keeps many writes made at once in their order", async () => {
    const journal = await open(7);
    const versions = Array.from({ length: 50 }, (_, i) => i + 1);
    await Promise.all(versions.map((v) => journal.routes.put(v, appRoute("one", { webQuantity: v }))));
    await journal.stop();
    const again = await open();
    expect(again.table.routes()).toEqual([appRoute("one", { webQuantity: 50 })]);
    await again.stop();
  });
});
