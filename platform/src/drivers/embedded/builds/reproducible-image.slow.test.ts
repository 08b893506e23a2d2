import { join } from "node:path";
import { expect, it } from "vitest";
import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { openSandboxes } from "../sandbox/index.ts";
import { makeBuildBench } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";
import { makeSandboxRunner } from "./phase-runner.ts";

/** A machine as it might be elsewhere: what phases see of it, and the umask of who runs Conifer. */
interface Elsewhere {
  readonly clock: string;
  readonly umask: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Has the phase programs, and all else that runs with Node.js, believe that it is that time. */
function clockAt(time: string): string {
  const code =
    `const Real=Date;globalThis.Date=class extends Real{constructor(...given){super(...(given.length?given:[${Date.parse(time)}]))}` +
    `static now(){return ${Date.parse(time)}}}`;
  return `--import=data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}

/** The digest of the image that a machine makes of a source, in a home of its own. */
async function digestOn(
  { clock, umask, env }: Elsewhere,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const before = process.umask(umask);
  const bench = await makeBuildBench(async (home) => {
    const runner = makeSandboxRunner(await openSandboxes({ home, directory: join(home, "sandbox") }));
    const elsewhere = { ...env, NODE_OPTIONS: clockAt(clock) };
    return {
      ...runner,
      run: (job, signal) => runner.run({ ...job, env: { ...job.env, ...elsewhere } }, signal),
    };
  });
  const { builder, stop } = await startEmbeddedBuilder(bench.options);
  try {
    const spec = specOf(await bench.addSource(files), { env: { WHEN: clock } });
    const { results, text } = await collect(builder.build(spec, never()));
    const [result] = results;
    if (result?.kind !== "succeeded") throw new Error(`the build failed: ${text}`);
    return result.image.digest;
  } finally {
    await stop();
    await bench.dispose();
    process.umask(before);
  }
}

const SOURCE = {
  // What a build makes has the time of its machine, and was made in an order of its own.
  do: 'mkdir made; for n in b ä a Z; do echo "$n" > "made/$n"; touch -d "$WHEN" "made/$n"; done',
  page: "hello",
  "below/a/folder/that/no/entry/names": "x",
};

it("an image is the same on another clock, path, umask, locale, zone and user's environment", async () => {
  const here = await digestOn(
    { clock: "2026-01-02T03:04:05Z", umask: 0o022, env: { LC_ALL: "C", TZ: "UTC" } },
    SOURCE,
  );
  const east = { LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Kathmandu", USER: "somebody", HOME: "/tmp" };
  expect(await digestOn({ clock: "2031-07-08T09:10:11Z", umask: 0o002, env: east }, SOURCE)).toBe(here);
  const other = { clock: "2026-01-02T03:04:05Z", umask: 0o022, env: {} };
  expect(await digestOn(other, { ...SOURCE, page: "other" })).not.toBe(here);
});
