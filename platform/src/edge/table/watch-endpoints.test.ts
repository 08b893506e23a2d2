import { setTimeout as later } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import type { EndpointNews, EndpointSource } from "../route/index.ts";
import { endpoint } from "../route/route-fixtures.ts";
import { RoutingTable } from "./routing-table.ts";
import { watchEndpoints } from "./watch-endpoints.ts";

/** An engine that plays one list of news per watch, then goes away or, after the last, waits. */
function scripted(watches: readonly (readonly EndpointNews[])[]): EndpointSource & { count: number } {
  return {
    count: 0,
    async *watch(signal) {
      const news = watches[this.count] ?? [];
      this.count += 1;
      yield* news;
      if (this.count < watches.length) throw new Error("the host is gone");
      await later(60_000, undefined, { signal }).catch(() => {});
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true");
    await later(1);
  }
}

describe("watching endpoints", () => {
  const up = endpoint("web.1", { port: 1 });

  it("loses them with the engine and has them again when it is back", async () => {
    const table = new RoutingTable();
    const seen: unknown[] = [];
    table.subscribe(() => seen.push(table.endpoints("a")));
    const source = scripted([
      [
        { kind: "all", apps: { a: [up] } },
        { kind: "app", appId: "a", endpoints: [] },
      ],
      [],
      [{ kind: "all", apps: { a: [up] } }],
    ]);
    const said: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (message: string) => said.push(message),
      info: (message: string) => said.push(message),
    };
    const watching = watchEndpoints({ source, table, logger, leastMs: 1 });
    await until(() => source.count === 3 && seen.length === 5);
    expect(said).toEqual(["endpoints lost", "endpoints are known again"]);
    expect(seen).toEqual([[up], [], undefined, undefined, [up]]);
    await watching.stop();
    expect(table.endpoints("a")).toEqual([up]);
  });

  it("stops while it waits to watch again", async () => {
    const source = scripted([[], [], [], []]);
    const watching = watchEndpoints({
      source,
      table: new RoutingTable(),
      logger: silentLogger,
      leastMs: 60_000,
    });
    await until(() => source.count === 1);
    await watching.stop();
    expect(source.count).toBe(1);
  });
});
