import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DynoFollower, readAll, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { eventually } from "../sandbox/sandbox-fixtures.ts";
import { type DynoWorld, openDynoWorld, shell } from "./dyno-host-fixtures.ts";
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

const TERMINAL = { columns: 90, rows: 20 };

function spec(line: string, change: Partial<DynoSpec> = {}): DynoSpec {
  const base = suiteSpec({ program: () => shell(line) }, "echo", {
    name: "run.1",
    type: "run",
    duty: "work",
  });
  return { ...base, ...change };
}

async function attached(line: string, terminal?: typeof TERMINAL, change?: Partial<DynoSpec>) {
  const run = spec(line, change);
  await host.dynos.run(run, { attach: true, ...(terminal ? { terminal } : {}) });
  const client = await host.dynos.attach(run.id);
  return { run, client, end: () => watched.until(run.id, "complete") };
}

describe("a detached one-off dyno", () => {
  test("writes to the app's log and tells its end", async () => {
    const run = spec("echo hello; exit 6");
    await host.dynos.run(run, { attach: false });
    expect((await watched.until(run.id, "complete")).state.exitCode).toBe(6);
    expect(world.log("run.1").filter((line) => !line.includes("Starting process"))).toEqual([
      "heroku[run.1]: State changed from starting to up",
      "app[run.1]: hello",
      "heroku[run.1]: Process exited with status 6",
      "heroku[run.1]: State changed from up to complete",
    ]);
  });

  test("asked for twice runs once; after its end it may run again", async () => {
    const run = spec("echo started; sleep 0.3");
    await host.dynos.run(run, { attach: false });
    await host.dynos.run(run, { attach: false });
    await watched.until(run.id, "complete");
    expect(world.log().filter((line) => line.endsWith("app[run.1]: started"))).toHaveLength(1);
    await host.dynos.run(run, { attach: false });
    await eventually(
      "it ran again",
      () => world.log().filter((line) => line.endsWith("to complete")).length === 2,
    );
  });
});

describe("an attached one-off dyno", () => {
  test("gives its client everything and the app's log nothing of it", async () => {
    const { client, end } = await attached("echo out; echo err >&2; head -c 300000 /dev/zero | tr '\\0' z");
    const text = await readAll(client);
    expect(text).toContain("out\n");
    expect(text).toContain("err\n");
    expect(text.replaceAll(/[^z]/g, "")).toHaveLength(300_000);
    await end();
    expect(world.lines.filter(({ source }) => source === "app")).toEqual([]);
  });

  test("passes bytes unchanged in both directions", async () => {
    const { client, end } = await attached("cat");
    const bytes = Buffer.from(Array.from({ length: 256 * 40 }, (_, n) => (n % 256 === 4 ? 5 : n % 256)));
    const received: Buffer[] = [];
    client.on("data", (chunk: Buffer) => received.push(chunk));
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.write(bytes);
    client.write("\x04");
    await closed;
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect((await end()).state.exitCode).toBe(0);
  });

  test("prints the exit-status marker in one piece", async () => {
    const { client } = await attached(
      "printf '\\357\\277'; sleep 0.2; printf '\\277 heroku-command-exit'; sleep 0.2; echo '-status: 3'",
    );
    const chunks: string[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
    await new Promise((resolve) => client.once("close", resolve));
    expect(chunks).toEqual(["\uFFFF heroku-command-exit-status: 3\n"]);
  });

  test("in a terminal has its size, echoes, takes Ctrl-C, and keeps its status", async () => {
    const { client, end } = await attached("stty size; sleep 60 || echo interrupted; exit 12", TERMINAL);
    let text = "";
    client.on("data", (chunk) => {
      text += chunk;
    });
    await eventually("the size is told", () => text.includes("20 90"));
    client.write("typed");
    await eventually("input is echoed", () => text.includes("typed"));
    client.write("\x03");
    await eventually("Ctrl-C is heard", () => text.includes("^C"));
    expect((await end()).state.exitCode).toBe(130);
  });

  test("ends with its client, by SIGHUP first", async () => {
    const { client, end } = await attached("trap 'exit 77' HUP; echo ready; while :; do sleep 0.05; done");
    await new Promise((resolve) => client.once("data", resolve));
    client.destroy();
    expect((await end()).state.exitCode).toBe(77);
    expect(world.log("run.1")).toContain(
      "heroku[run.1]: Client connection closed. Sending SIGHUP to all processes",
    );
  });

  test("that ignores SIGHUP is killed", async () => {
    const { client, end } = await attached(
      "trap '' HUP; echo ready; while :; do sleep 0.05; done",
      undefined,
      { stopSeconds: 1 },
    );
    await new Promise((resolve) => client.once("data", resolve));
    client.end();
    expect((await end()).state.exitCode).toBe(137);
  });

  test("in a terminal ends with its client, too", async () => {
    const { client, end } = await attached("echo ready; sleep 60", TERMINAL);
    await new Promise((resolve) => client.once("data", resolve));
    client.destroy();
    expect((await end()).state.exitCode).toBe(129);
  });

  test("five at once do not disturb each other, with and without terminals", async () => {
    const runs = await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        attached(
          `read x; echo "$x ${n}"; ls /proc/self/fd | tr '\\n' ' '; exit ${n}`,
          n % 2 ? TERMINAL : undefined,
          { name: `run.${n}` },
        ),
      ),
    );
    for (const [n, { client }] of runs.entries()) client.write(`hello ${n}\n`);
    for (const [n, { client, end }] of runs.entries()) {
      const text = await readAll(client);
      expect(text).toContain(`hello ${n} ${n + 1}`);
      expect((await end()).state.exitCode).toBe(n + 1);
    }
  });

  test("whose client reads slowly waits for it, and loses nothing", async () => {
    const { client, end } = await attached("seq 200000; echo the end");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(watched.statesOf([...watched.seen.keys()][0] ?? "")).not.toContain("complete");
    const text = await readAll(client);
    expect(text.trimEnd().split("\n")).toHaveLength(200_001);
    expect(text).toContain("the end");
    await end();
  });
});
