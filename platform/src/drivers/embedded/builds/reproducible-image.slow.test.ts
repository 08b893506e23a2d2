import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { digestOn, type Elsewhere } from "./reproducible-image-fixtures.ts";

const PROGRAM = join(import.meta.dirname, "reproducible-image-fixtures.ts");
const AS_NOBODY = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", process.execPath, PROGRAM];

const SOURCE = {
  // What a build makes has the time of its machine, and was made in an order of its own.
  do: 'mkdir made; for n in b ä a Z; do echo "$n" > "made/$n"; touch -d "$WHEN" "made/$n"; done',
  page: "hello",
  "below/a/folder/that/no/entry/names": "x",
};

const HERE: Elsewhere = { clock: "2026-01-02T03:04:05Z", umask: 0o022, env: { LC_ALL: "C", TZ: "UTC" } };

/** Why nobody cannot build here; undefined when they can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become somebody else";
  const reads = spawnSync("setpriv", [
    ...AS_NOBODY.slice(0, -1),
    "-e",
    `require("fs").readFileSync("${PROGRAM}")`,
  ]);
  return reads.status === 0 ? undefined : "the repository or Node cannot be read by others";
}

it("an image is the same on another clock, path, umask, locale, zone and user's environment", async () => {
  const here = await digestOn(HERE, SOURCE);
  const east = { LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Kathmandu", USER: "somebody", HOME: "/tmp" };
  expect(await digestOn({ clock: "2031-07-08T09:10:11Z", umask: 0o002, env: east }, SOURCE)).toBe(here);
  const other = { clock: "2026-01-02T03:04:05Z", umask: 0o022, env: {} };
  expect(await digestOn(other, { ...SOURCE, page: "other" })).not.toBe(here);
});

// The times of layers are those of 1980, and nothing of an image may be older because its machine had lost its battery.
it.each(["1979-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1960-02-03T04:05:06Z"])(
  "an image is the same on a machine whose clock says %s",
  async (clock) => {
    expect(await digestOn({ ...HERE, clock }, SOURCE)).toBe(await digestOn(HERE, SOURCE));
  },
);

const why = obstacle();

it.skipIf(why !== undefined)(
  `an image is the same when an ordinary account makes it${why ? ` (skipped: ${why})` : ""}`,
  async () => {
    const args = [...AS_NOBODY, JSON.stringify(HERE), JSON.stringify(SOURCE)];
    const env = { PATH: process.env.PATH, HOME: "/tmp" };
    const { stdout } = await promisify(execFile)("setpriv", args, { env });
    expect(stdout.trim()).toBe(await digestOn(HERE, SOURCE));
  },
);
