import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MasterKey, silentLogger } from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { framesOf, journalKeyVersions, openHostJournal } from "./host-journal.ts";

const KEY: MasterKey = { current: 1, keys: new Map([[1, randomBytes(32)]]) };

describe("the host's journal", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-journal-"));
    file = join(folder, "state", "host.bin");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (masterKey = KEY) => openHostJournal({ file, masterKey, logger: silentLogger });
  const entry = (appId: string, number: number, names: readonly string[]) => ({
    appId,
    claim: { subject: `formation ${appId}`, number },
    dynos: names.map((name) => ({ id: name, name, env: { TOKEN: "s3cret" } }) as unknown as DynoSpec),
  });

  test("gives back the last word on each app", async () => {
    const journal = await open();
    expect(journal.entries.size).toBe(0);
    await journal.write(entry("a", 1, ["web.1"]));
    await journal.write(entry("b", 1, []));
    await journal.write(entry("a", 2, ["web.1", "web.2"]));
    await journal.close();
    const again = await open();
    expect(again.entries.get("a")).toEqual(entry("a", 2, ["web.1", "web.2"]));
    expect(again.entries.get("b")).toEqual(entry("b", 1, []));
    await again.close();
  });

  test("keeps many writes at once, in order", async () => {
    const journal = await open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => journal.write(entry("a", n, [`web.${n}`]))));
    await journal.close();
    expect((await open()).entries.get("a")?.claim.number).toBe(49);
  });

  test("is sealed with a new version of the key throughout once something is written", async () => {
    let current = 1;
    const keys = new Map([...KEY.keys, [2, randomBytes(32)] as const]);
    const turning: MasterKey = {
      get current() {
        return current;
      },
      keys,
    };
    const journal = await open(turning);
    await journal.write(entry("a", 1, ["web.1"]));
    expect(await journalKeyVersions(file)).toEqual(new Set([1]));
    current = 2;
    await journal.write(entry("b", 1, []));
    await journal.close();
    expect(await journalKeyVersions(file)).toEqual(new Set([2]));
    const again = await open({ current: 2, keys: new Map([...keys].filter(([version]) => version === 2)) });
    expect([...again.entries.keys()].sort()).toEqual(["a", "b"]);
    await again.close();
    expect(await journalKeyVersions(join(folder, "none"))).toEqual(new Set());
  });

  test("shows no secret, and to its owner only", async () => {
    const journal = await open();
    await journal.write(entry("a", 1, ["web.1"]));
    await journal.close();
    expect(readFileSync(file).includes("s3cret")).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("loses only what a kill cut off", async () => {
    const journal = await open();
    await journal.write(entry("a", 1, ["web.1"]));
    const whole = statSync(file).size;
    await journal.write(entry("a", 2, ["web.2"]));
    await journal.close();
    for (const cut of [1, 3, 10]) {
      truncateSync(file, whole + cut);
      const again = await open();
      expect(again.entries.get("a")?.claim.number).toBe(1);
      await again.close();
    }
  });

  test("is short again after it was opened", async () => {
    const journal = await open();
    for (let n = 0; n < 20; n++) await journal.write(entry("a", n, ["web.1"]));
    await journal.close();
    const before = statSync(file).size;
    await (await open()).close();
    expect(statSync(file).size).toBeLessThan(before / 10);
  });

  test("of another key is put aside, and the host begins with nothing", async () => {
    const journal = await open();
    await journal.write(entry("a", 1, ["web.1"]));
    await journal.close();
    const other = await open({ current: 1, keys: new Map([[1, randomBytes(32)]]) });
    expect(other.entries.size).toBe(0);
    expect(existsSync(`${file}.unreadable`)).toBe(true);
    await other.close();
  });

  test("survives a file that is no journal", async () => {
    await (await open()).close();
    writeFileSync(file, Buffer.from([0, 0, 0, 2, 1, 2, 9]));
    const again = await open();
    expect(again.entries.size).toBe(0);
    await again.close();
  });
});

test("frames are whole or not at all", () => {
  const bytes = Buffer.from([0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9, 0, 0, 0, 5, 1]);
  expect(framesOf(bytes)).toEqual([Buffer.from([7]), Buffer.from([8, 9])]);
  expect(framesOf(Buffer.alloc(0))).toEqual([]);
});
