import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { EndpointNews } from "../../../edge/route/index.ts";
import { makeNewsHub, silentLogger, systemClock } from "../../../kernel/index.ts";
import { type FakeBehavior, makeFakeDynoHost } from "../../../runtime/dyno/dyno-host-fake.ts";
import {
  type DynoBehavior,
  readAll,
  suiteSpec,
  testDynoHost,
} from "../../../runtime/dyno/dyno-host-suite.ts";
import { PeerGone, startLocalServer } from "../local/index.ts";
import { makeDynoHostClient } from "./dyno-host-client.ts";
import { dynoHostRoutes } from "./dyno-routes.ts";
import { endpointRoutes, makeEndpointSource } from "./endpoint-routes.ts";

const BEHAVIORS: Readonly<Record<DynoBehavior, FakeBehavior>> = {
  serves: {},
  "never-listens": { listens: "never" },
  works: {},
  "exits-0": { exitCode: 0 },
  "exits-3": { exitCode: 3 },
  "ignores-term": { ignoresTerm: true },
  echo: {
    attached: async (input, output) => {
      for await (const line of createInterface({ input: Readable.from(input) }))
        output.write(`got ${line}\n`);
      return 5;
    },
  },
};

function folder() {
  return mkdtempSync(join(tmpdir(), "conifer-routes-"));
}

testDynoHost("a fake behind a socket", async () => {
  const place = folder();
  const peer = { socketPath: join(place, "host.sock"), secret: "secret" };
  const fake = makeFakeDynoHost({
    now: systemClock,
    behavior: ({ image }) => BEHAVIORS[image as DynoBehavior],
  });
  const server = await startLocalServer({ ...peer, routes: [dynoHostRoutes(fake)], logger: silentLogger });
  return {
    host: makeDynoHostClient(peer),
    program: (behavior) => ({
      image: behavior,
      command: { kind: "shell", line: behavior },
      displayCommand: behavior,
    }),
    close: async () => {
      fake.goAway();
      await server.stop();
      rmSync(place, { recursive: true, force: true });
    },
  };
});

describe("when the host goes away", () => {
  test("every call and watch throws PeerGone", async () => {
    const place = folder();
    const peer = { socketPath: join(place, "host.sock"), secret: "secret" };
    const fake = makeFakeDynoHost({ now: systemClock });
    const hub = makeNewsHub<EndpointNews>();
    const endpoints = {
      watch: (signal: AbortSignal) => hub.watch(signal, () => ({ kind: "all", apps: {} })),
    };
    const server = await startLocalServer({
      ...peer,
      routes: [dynoHostRoutes(fake), endpointRoutes(endpoints)],
      logger: silentLogger,
    });
    const client = makeDynoHostClient(peer);
    const stop = new AbortController();
    const dynos = client.watch(stop.signal)[Symbol.asyncIterator]();
    const places = makeEndpointSource(peer).watch(stop.signal)[Symbol.asyncIterator]();
    expect((await dynos.next()).value).toEqual({ kind: "all", dynos: [] });
    expect((await places.next()).value).toEqual({ kind: "all", apps: {} });
    hub.publish("a", { kind: "app", appId: "a", endpoints: [] });
    expect((await places.next()).value).toEqual({ kind: "app", appId: "a", endpoints: [] });
    await server.stop();
    await expect(dynos.next()).rejects.toThrow(PeerGone);
    await expect(places.next()).rejects.toThrow(PeerGone);
    await expect(client.restart("x")).rejects.toThrow(PeerGone);
    await expect(client.attach("x")).rejects.toThrow(PeerGone);
    rmSync(place, { recursive: true, force: true });
  });
});

describe("a command inside a dyno, over the socket", () => {
  async function open(inside: FakeBehavior["inside"]) {
    const place = folder();
    const peer = { socketPath: join(place, "host.sock"), secret: "secret" };
    const fake = makeFakeDynoHost({ now: systemClock, behavior: () => (inside ? { inside } : {}) });
    const server = await startLocalServer({ ...peer, routes: [dynoHostRoutes(fake)], logger: silentLogger });
    const host = makeDynoHostClient(peer);
    const program = () => ({ image: "i", command: { kind: "shell", line: "" }, displayCommand: "" }) as const;
    const web = suiteSpec({ program }, "serves");
    await host.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: 1 });
    await expect.poll(() => fake.present()[0]?.state.kind).toBe("up");
    const close = async () => {
      fake.goAway();
      await server.stop();
      rmSync(place, { recursive: true, force: true });
    };
    return { host, fake, id: web.id, close };
  }

  test("arrives whole, however large, with what the client writes behind it", async () => {
    const env = { LARGE: "ä".repeat(200_000), A: "\n" };
    const { host, id, close } = await open(async ({ command, input, output }) => {
      output.write(`${command.line} ${JSON.stringify(command.env) === JSON.stringify(env)} `);
      for await (const chunk of input) output.write(chunk);
    });
    const client = await host.runInside(id, { line: "go", env, terminal: { columns: 1, rows: 2 } });
    client.write("typed\x04");
    expect(await readAll(client)).toBe("go true typed");
    await close();
  });

  test("refusals keep what they say", async () => {
    const { host, fake, id, close } = await open(undefined);
    const command = { line: "go", env: {} };
    await expect(host.runInside("none", command)).rejects.toMatchObject({ id: "not_found" });
    fake.crash(id, 1);
    // The fake starts a dyno again once, at once; from its second crash on it stays down.
    await expect.poll(() => [fake.starts(id), fake.present()[0]?.state.kind]).toEqual([2, "up"]);
    fake.crash(id, 1);
    await expect(host.runInside(id, command)).rejects.toMatchObject({
      id: "conflict",
      message: expect.stringMatching(/^web\.1 is /),
    });
    await close();
    await expect(host.runInside(id, command)).rejects.toThrow(PeerGone);
  });
});
