import { request } from "node:http";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EndpointNews } from "../../../edge/route/index.ts";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { eventually } from "../sandbox/sandbox-fixtures.ts";
import { type DynoWorld, openDynoWorld, program, shell } from "./dyno-host-fixtures.ts";
import type { EmbeddedDynoHost } from "./embedded-dyno-host.ts";

let world: DynoWorld;
let host: EmbeddedDynoHost;
let watched: DynoFollower;
beforeAll(async () => {
  world = await openDynoWorld();
});
beforeEach(async () => {
  world.lines.length = 0;
  host = await world.startHost();
  watched = new DynoFollower(host.dynos);
});
afterEach(async () => {
  await host.stop();
  await watched.close();
});
afterAll(() => world.close());

type Command = Pick<DynoSpec, "image" | "command" | "displayCommand">;

function spec(command: Command, change: Partial<DynoSpec> = {}): DynoSpec {
  return suiteSpec({ program: () => command }, "serves", change);
}

function apply(...dynos: DynoSpec[]): Promise<void> {
  const appId = spec(program("serve")).appId;
  return host.dynos.apply({ appId, dynos }, { subject: "formation", number: 1 });
}

function get(address: { host: string; port: number } | undefined, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...address, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject).end();
  });
}

describe("a web dyno", () => {
  test("answers at its address, with its environment", async () => {
    const web = spec(program("serve"), { env: { CONFIG: "var's", PORT: "1" } });
    await apply(web);
    const { state } = await watched.until(web.id, "up");
    const told = JSON.parse(await get(state.address)) as { port: string; env: Record<string, string> };
    expect(told.port).toBe(String(state.address?.port));
    expect(told.env).toMatchObject({ DYNO: "web.1", CONFIG: "var's", HOME: "/home/dyno" });
    expect(Object.keys(told.env).filter((name) => name.startsWith("CONIFER"))).toEqual([]);
    expect(world.log("web.1")).toEqual([
      "heroku[web.1]: Starting process with command `node serve.js`",
      "heroku[web.1]: State changed from starting to up",
    ]);
  });

  test.each([
    ["0.0.0.0", "127.0.0.1"],
    ["::", "::1"],
  ])("that listens on %s is reached", async (bind, at) => {
    const web = spec(program("serve"), { env: { BIND: bind } });
    await apply(web);
    const { state } = await watched.until(web.id, "up");
    expect(state.address?.host).toBe(at);
    expect(await get(state.address)).toContain("web.1");
  });

  test("that listens late is starting until then", async () => {
    const web = spec(program("serve"), { env: { LATE_MS: "700" } });
    const began = Date.now();
    await apply(web);
    await watched.until(web.id, "up");
    expect(Date.now() - began).toBeGreaterThan(700);
  });

  test.each([
    [
      "on 127.0.0.1 only",
      { BIND: "127.0.0.1" },
      /listens on 127\.0\.0\.1:\d+; listen on 0\.0\.0\.0 or :: and/,
    ],
    ["on ::1 only", { BIND: "::1" }, /listens on \[::1\]:\d+; listen on 0\.0\.0\.0 or :: and/],
    [
      "on another port",
      { WRONG_PORT: "0" },
      /listens on \[::\]:\d+; listen on 0\.0\.0\.0 or :: and on \$PORT \(\d+\)/,
    ],
  ])("that listens %s gets R10 and is told where it listens", async (_what, env, line) => {
    const web = spec(program("serve"), { env, bootSeconds: 1 });
    await apply(web);
    const { state } = await watched.until(web.id, "crashed");
    expect(state).toMatchObject({ reason: "boot-timeout", exitCode: 137 });
    const log = world.log("web.1").map((text) => text.slice("heroku[web.1]: ".length));
    expect(log.slice(1, 6)).toEqual([
      "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 1 seconds of launch",
      expect.stringMatching(line),
      "Stopping process with SIGKILL",
      "Process exited with status 137",
      "State changed from starting to crashed",
    ]);
  });

  test("is not taken for up because somebody else listens on its port", async () => {
    const web = spec(shell('echo "port $PORT"; exec sleep 60'), { bootSeconds: 2 });
    await apply(web);
    const told = () => /app\[web\.1\]: port (\d+)/.exec(world.log("web.1").join("\n"))?.[1];
    await eventually("it told its port", () => told() !== undefined);
    const port = Number(told());
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "0.0.0.0", resolve));
    const { state } = await watched.until(web.id, "crashed");
    expect(state.reason).toBe("boot-timeout");
    await new Promise((resolve) => other.close(resolve));
  });

  test("whose child listens is up as well", async () => {
    const web = spec(shell("node serve.js & wait"));
    await apply(web);
    const { state } = await watched.until(web.id, "up");
    expect(await get(state.address)).toContain("web.1");
  });

  test("that ignores SIGTERM gets R12", async () => {
    const web = spec(program("stubborn"), { stopSeconds: 1 });
    await apply(web);
    await watched.until(web.id, "up");
    await apply();
    await watched.until(web.id, "complete");
    expect(world.log("web.1").slice(2)).toEqual([
      "heroku[web.1]: State changed from up to down",
      "heroku[web.1]: Stopping all processes with SIGTERM",
      "app[web.1]: not now",
      "heroku[web.1]: Error R12 (Exit timeout) -> At least one process failed to exit within 1 seconds of SIGTERM",
      "heroku[web.1]: Stopping remaining processes with SIGKILL",
      "heroku[web.1]: Process exited with status 137",
    ]);
  });

  test("finishes what it is doing before it ends", async () => {
    const web = spec(shell(`trap '' TERM; exec node -e '${GRACEFUL}'`));
    await apply(web);
    const { state } = await watched.until(web.id, "up");
    const answer = get(state.address, "/slow");
    await eventually("the request is there", () =>
      world.log("web.1").some((line) => line.endsWith("request")),
    );
    await apply();
    expect(await answer).toBe("done");
    expect((await watched.until(web.id, "complete")).state.exitCode).toBe(0);
  });
});

const GRACEFUL = [
  'const server = require("http").createServer((q, s) => { console.log("request"); setTimeout(() => s.end("done"), 800); });',
  "server.listen(process.env.PORT);",
  'process.on("SIGTERM", () => server.close(() => process.exit(0)));',
].join(" ");

describe("crashes", () => {
  test("are restarted at once, then later, and forgotten by a restart", async () => {
    const worker = spec(shell("exit 4"), { type: "worker", name: "worker.1", duty: "work" });
    await apply(worker);
    await eventually(
      "it crashed twice",
      () => world.log().filter((line) => line.endsWith("to crashed")).length === 2,
    );
    const { state } = await watched.until(worker.id, "crashed");
    expect(Date.parse(state.restartAt ?? "") - Date.now()).toBeGreaterThan(5_000);
    await host.dynos.restart(worker.id);
    await eventually(
      "it crashed again",
      () => world.log().filter((line) => line.endsWith("to crashed")).length >= 4,
    );
  });

  test("of an image that is not there are told", async () => {
    const worker = { ...spec(program("serve")), command: { kind: "shell", line: "" } } as DynoSpec;
    const broken = { ...world.image };
    Object.assign(world.image, {
      shellArgv: () => {
        throw new Error("the layer is damaged");
      },
    });
    try {
      await apply(worker);
      const { state } = await watched.until(worker.id, "crashed");
      expect(state.reason).toBe("platform");
      expect(world.log("web.1")).toContain(
        "heroku[web.1]: Error R99 (Platform error) -> the layer is damaged",
      );
    } finally {
      Object.assign(world.image, broken);
    }
  });
});

describe("output", () => {
  const worker = (line: string) => spec(shell(line), { type: "worker", name: "worker.1", duty: "work" });
  const output = () => world.lines.filter(({ source }) => source === "app").map(({ message }) => message);

  test("becomes lines of the app: partial, binary, CRLF, long and empty ones, from both streams", async () => {
    const text =
      "printf 'one\\r\\n\\ntwo\\377\\376x\\n'; printf 'err\\n' >&2; head -c 25000 /dev/zero | tr '\\0' y; printf '\\npartial'; exit 0";
    await apply(worker(text));
    await watched.until([...watched.seen.keys()][0] ?? worker("").id, "crashed").catch(() => {});
    await eventually("all lines are there", () => output().includes("partial"));
    const lines = output();
    expect(lines).toContain("err");
    expect(lines).toContain("two\uFFFD\uFFFDx");
    expect(lines.filter((line) => /^y+$/.test(line)).join("")).toHaveLength(25_000);
    expect(lines.indexOf("partial")).toBeLessThan(
      world.lines.findIndex(({ message }) => message.startsWith("Process exited")),
    );
  });

  test("in a flood does not stop the program nor the host", async () => {
    const flood = worker(
      'i=0; while [ $i -lt 200000 ]; do echo "line $i of a flood of lines"; i=$((i + 1)); done; echo the end; exec sleep 60',
    );
    const web = spec(program("serve"));
    await apply(flood, web);
    const { state } = await watched.until(web.id, "up");
    await get(state.address);
    await eventually("the flood ends", () => output().at(-1) === "the end", 30_000);
    expect(output().filter((line) => line.startsWith("line "))).toHaveLength(200_000);
  });
});

describe("many at once", () => {
  test("ten web dynos have ten ports, and end together", async () => {
    const dynos = Array.from({ length: 10 }, (_, n) => spec(program("serve"), { name: `web.${n + 1}` }));
    await apply(...dynos);
    const ports = new Set<number>();
    for (const { id, name } of dynos) {
      const { state } = await watched.until(id, "up");
      ports.add(state.address?.port ?? 0);
      expect(await get(state.address)).toContain(name);
    }
    expect(ports.size).toBe(10);
    await apply();
    for (const { id } of dynos) await watched.until(id, "complete");
  });
});

describe("a replacement", () => {
  test("takes effect in one piece, serves throughout, and warm dynos come back without a start", async () => {
    const stop = new AbortController();
    const news: EndpointNews[] = [];
    const following = (async () => {
      for await (const item of host.endpoints.watch(stop.signal)) news.push(item);
    })();
    const [old, next] = [
      spec(program("serve")),
      spec(program("serve"), { duty: "stand-by", releaseVersion: 4 }),
    ];
    await apply(old);
    await watched.until(old.id, "up");
    await apply(old, next);
    const ready = await watched.until(next.id, "up");
    news.length = 0;
    await apply({ ...old, duty: "warm" }, { ...next, duty: "serve" });
    await eventually("the endpoints changed", () => news.length > 0);
    expect(news).toEqual([
      {
        kind: "app",
        appId: old.appId,
        endpoints: [{ dynoId: next.id, name: "web.1", state: "up", address: ready.state.address }],
      },
    ]);
    const warm = await watched.until(old.id, "up", ({ duty }) => duty === "warm");
    if (world.sandboxes.abilities.freezer) await new Promise((resolve) => setTimeout(resolve, 2_500));
    const began = performance.now();
    await apply({ ...old, duty: "serve", releaseVersion: 5 });
    expect(await get(warm.state.address)).toContain("web.1");
    expect(performance.now() - began).toBeLessThan(500);
    const back = await watched.until(old.id, "up", ({ duty }) => duty === "serve");
    expect(back).toMatchObject({ releaseVersion: 5, since: warm.since });
    stop.abort();
    await following;
  });
});

describe("a dyno above its memory quota", () => {
  const MIB = 2 ** 20;
  const limits = { memoryBytes: 64 * MIB, cpuShare: 1, pids: 64 };
  /** Holds so much until its output is read, which \`sleep\` never does. */
  const worker = (mib: number, name: string) =>
    spec(shell(`dd if=/dev/zero bs=${mib}M count=1 | sleep 1000`), {
      name,
      type: "worker",
      duty: "work",
      limits,
    });

  test("is told so and goes on; one below it is not", async () => {
    const [above, below] = [worker(96, "worker.1"), worker(32, "worker.2")];
    await apply(above, below);
    await eventually("it is told", () => world.log("worker.1").some((line) => line.includes("R14")));
    const lines = world.log("worker.1");
    const at = lines.indexOf("heroku[worker.1]: Error R14 (Memory quota exceeded)");
    expect(lines[at - 1]).toMatch(/: Process running mem=(9\d|10\d)M\(1[45]\d\.\d%\)$/);
    expect(watched.statesOf(above.id)).toEqual(["starting", "up"]);
    expect(world.log("worker.2").filter((line) => line.includes("R14"))).toEqual([]);
  });
});

describe("the host's stop", () => {
  test("asks every dyno at once and waits for all", async () => {
    const dynos = Array.from({ length: 3 }, (_, n) => spec(program("serve"), { name: `web.${n + 1}` }));
    await apply(...dynos);
    for (const { id } of dynos) await watched.until(id, "up");
    const began = Date.now();
    await host.stop();
    expect(Date.now() - began).toBeLessThan(3_000);
    for (const { id } of dynos) expect((await watched.until(id, "complete")).state.exitCode).toBe(143);
    await expect(apply(...dynos)).rejects.toThrow("stopping");
    await host.stop();
  });
});

describe("a host that starts again", () => {
  test("brings back what was wanted, refuses old claims, and lets warm dynos rest", async () => {
    const first = await world.startHost("kept");
    const web = spec(program("serve"));
    const warm = spec(program("serve"), { duty: "warm", name: "web.2" });
    const claim = { subject: "formation", number: 5 };
    await first.dynos.apply({ appId: web.appId, dynos: [web, warm] }, claim);
    await first.stop();
    const second = await world.startHost("kept");
    const follower = new DynoFollower(second.dynos);
    const { state } = await follower.until(web.id, "up");
    expect(await get(state.address)).toContain("web.1");
    expect((await follower.until(warm.id, "crashed")).state.restartAt).toBeUndefined();
    await expect(
      second.dynos.apply({ appId: web.appId, dynos: [] }, { ...claim, number: 4 }),
    ).rejects.toThrow("older than claim 5");
    await second.stop();
    await follower.close();
  });
});
