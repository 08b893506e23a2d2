import { createInterface } from "node:readline";
import { Readable, type Writable } from "node:stream";
import { expect, test } from "vitest";
import { systemClock } from "../../kernel/index.ts";
import { type FakeBehavior, makeFakeDynoHost } from "./dyno-host-fake.ts";
import { type DynoBehavior, DynoFollower, suiteSpec, testDynoHost } from "./dyno-host-suite.ts";

const BEHAVIORS: Readonly<Record<DynoBehavior, FakeBehavior>> = {
  serves: {},
  "never-listens": { listens: "never" },
  works: {},
  "exits-0": { exitCode: 0 },
  "exits-3": { exitCode: 3 },
  "ignores-term": { ignoresTerm: true },
  echo: { attached: echo },
};

async function echo(input: AsyncIterable<Buffer>, output: Writable): Promise<number> {
  for await (const line of createInterface({ input: Readable.from(input) })) output.write(`got ${line}\n`);
  return 5;
}

function open() {
  const host = makeFakeDynoHost({
    now: systemClock,
    behavior: ({ image }) => BEHAVIORS[image as DynoBehavior],
  });
  const program = (behavior: DynoBehavior) => ({
    image: behavior,
    command: { kind: "shell", line: behavior } as const,
    displayCommand: behavior,
  });
  return { host, program, close: async () => host.goAway() };
}

testDynoHost("the fake", async () => open());

test("a host that goes away breaks its watches off and is empty when it is back", async () => {
  const { host, program } = open();
  const web = suiteSpec({ program }, "serves");
  await host.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: 1 });
  const reading = (async () => {
    for await (const _ of host.watch(new AbortController().signal)) host.goAway();
  })();
  await expect(reading).rejects.toThrow("went away");
  expect(host.present()).toEqual([]);
});

test("a crash by hand counts as the process's own end", async () => {
  const { host, program, close } = open();
  const web = suiteSpec({ program }, "serves");
  await host.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: 1 });
  const follower = new DynoFollower(host);
  const up = await follower.until(web.id, "up");
  host.crash(web.id, 9);
  await follower.until(web.id, "up", (dyno) => dyno !== up && host.starts(web.id) === 2);
  await follower.close();
  await close();
});
