import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAside, putBack, putBackAside, removeOutright, removeUnvouched, vouch } from "./vouched-files.ts";

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vouched-"));
  path = join(root, "blob");
  writeFileSync(path, "content");
  age();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const HOUR_AGO = () => new Date(Date.now() - 3_600_000);
const age = () => utimesSync(path, HOUR_AGO(), HOUR_AGO());
const since = () => Date.now() - 60_000;
/** As a sweep that was killed leaves it. */
const leaveAside = () => renameSync(path, join(root, ".removed-blob"));

describe("a file", () => {
  test("that nobody vouched for is removed, and its size is told", async () => {
    expect(await removeUnvouched(path, since())).toBe(7);
    expect(readdirSync(root)).toEqual([]);
    expect(await removeUnvouched(path, since())).toBeUndefined();
  });

  test("that somebody vouched for stays", async () => {
    expect(await vouch(path)).toBe(7);
    expect(await removeUnvouched(path, since())).toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe("content");
  });

  test("that is vouched for while it is aside is there at once, and stays", async () => {
    const removed = await removeUnvouched(path, since(), async () => {
      expect(existsSync(path)).toBe(false);
      expect(await vouch(path)).toBe(7);
      expect(existsSync(path)).toBe(true);
    });
    expect(removed).toBeUndefined();
    expect([readFileSync(path, "utf8"), readdirSync(root)]).toEqual(["content", ["blob"]]);
  });

  test("that was touched just before it was moved aside is put back", async () => {
    await removeUnvouched(path, since(), async () => {
      const now = new Date();
      utimesSync(join(root, ".removed-blob"), now, now);
    });
    expect(readFileSync(path, "utf8")).toBe("content");
  });

  test("that was written anew while it was aside is the new one", async () => {
    expect(await removeUnvouched(path, since(), async () => writeFileSync(path, "newer content"))).toBe(7);
    expect([readFileSync(path, "utf8"), readdirSync(root)]).toEqual(["newer content", ["blob"]]);
  });

  test("that a killed sweep left aside is found by the next one who asks, and is old no more", async () => {
    leaveAside();
    expect(await vouch(path)).toBe(7);
    expect(readdirSync(root)).toEqual(["blob"]);
    expect(await removeUnvouched(path, since())).toBeUndefined();
  });

  test("that a killed sweep left aside does not replace a newer one", async () => {
    leaveAside();
    writeFileSync(path, "newer content");
    expect(await putBack(path)).toBe(true);
    expect([readFileSync(path, "utf8"), readdirSync(root)]).toEqual(["newer content", ["blob"]]);
  });

  test("killed between being put back and being cleared away, is one file", async () => {
    linkSync(path, join(root, ".removed-blob"));
    expect(await putBack(path)).toBe(true);
    expect(readdirSync(root)).toEqual(["blob"]);
  });

  test("that is removed outright comes back from nowhere", async () => {
    leaveAside();
    expect(await removeOutright(path)).toBe(true);
    expect([await vouch(path), await putBack(path), await removeOutright(path)]).toEqual([
      undefined,
      false,
      false,
    ]);
  });

  test("that is not there is not there", async () => {
    expect(await vouch(join(root, "other"))).toBeUndefined();
    expect(await vouch(join(root, "no/folder"))).toBeUndefined();
  });
});

test.each([".removed-blob", ".removed-blob~2f1c6a52"])(
  "what is left aside as %s belongs where it was",
  async (name) => {
    expect([isAside(name), isAside("blob"), isAside(".tmp")]).toEqual([true, false, false]);
    renameSync(path, join(root, name));
    await putBackAside(join(root, name));
    expect([readFileSync(path, "utf8"), readdirSync(root)]).toEqual(["content", ["blob"]]);
    expect(await removeUnvouched(path, since())).toBeUndefined();
    await putBackAside(join(root, name));
  },
);

test("whoever was told that it is there finds it there, however sweeps and others come together", async () => {
  const actor = fc.constantFrom("vouch", "remove", "put back");
  await fc.assert(
    fc.asyncProperty(fc.array(actor, { minLength: 2, maxLength: 8 }), async (actors) => {
      writeFileSync(path, "content");
      age();
      const limit = since();
      const told = await Promise.all(
        actors.map(async (one) => {
          if (one === "vouch") return await vouch(path);
          if (one === "put back") await putBack(path);
          else await removeUnvouched(path, limit);
          return undefined;
        }),
      );
      // Only those who vouched were told anything; after any of them it is there for good.
      if (told.includes(7)) expect(readFileSync(path, "utf8")).toBe("content");
      rmSync(path, { force: true });
      rmSync(join(root, ".removed-blob"), { force: true });
    }),
    { numRuns: 200 },
  );
});
