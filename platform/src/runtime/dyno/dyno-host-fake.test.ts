import { createInterface } from "node:readline";
import { Readable, type Writable } from "node:stream";
import { expect, test } from "vitest";
import { systemClock } from "../../kernel/index.ts";
import { type FakeBehavior, type FakeInside, makeFakeDynoHost } from "./dyno-host-fake.ts";
import { type DynoBehavior, DynoFollower, suiteSpec, testDynoHost } from "./dyno-host-suite.ts";
import { INSIDE, testDynoInsides } from "./dyno-inside-suite.ts";

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

/** The suite's commands, as programs of the fake would do them. `files` are the dyno's. */
async function inside({ spec, command, input, output }: FakeInside, files: Map<string, string>) {
  const say = (text: string) => void output.write(text);
  const env: Record<string, string> = { ...spec.env, ...command.env };
  switch (command.line) {
    case INSIDE.echo:
      return await echo(input, output);
    case INSIDE.tells:
      return say(`${env.GREETING ?? ""} ${env.NAME ?? ""}, from ${spec.name}\n`);
    case INSIDE["writes-both"]:
      return say("out\nerr\n");
    case INSIDE["leaves-child"]:
      return say("left\n");
    case INSIDE["reads-bye"]:
      return say(files.get("bye") ?? "");
    case INSIDE.stays:
    case INSIDE["ignores-hup"]:
      say("ready\n");
      for await (const _ of input);
      files.set("bye", "bye\n");
      return;
    default:
      return say("gone\n");
  }
}

function open() {
  const files = new Map<string, string>();
  const host = makeFakeDynoHost({
    now: systemClock,
    behavior: ({ image }) => ({
      ...BEHAVIORS[image as DynoBehavior],
      inside: (given) => inside(given, files).catch(() => {}),
    }),
  });
  const program = (behavior: DynoBehavior) => ({
    image: behavior,
    command: { kind: "shell", line: behavior } as const,
    displayCommand: behavior,
  });
  return { host, program, close: async () => host.goAway() };
}

testDynoHost("the fake", async () => open());
testDynoInsides("the fake", async () => open());

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
