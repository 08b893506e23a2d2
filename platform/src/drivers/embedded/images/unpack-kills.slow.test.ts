import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pause } from "../../../kernel/index.ts";
import { openDiskImageStore } from "./disk-image-store.ts";
import { openImageUnpacker } from "./unpack-image.ts";
import { layerFile, makeAppImage, TEST_HOST } from "./unpacked-images-fixtures.ts";

const FILES = 3_000;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-unpack-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Begins to unpack in a process of its own and kills it after a time; true when it had not ended. */
async function unpackAndKill(digest: string, afterMs: number): Promise<boolean> {
  const program = join(import.meta.dirname, "unpack-process-fixtures.ts");
  const child = spawn(process.execPath, [program, join(root, "images"), join(root, "layers"), digest], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += String(chunk);
  });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  await Promise.race([pause(afterMs), ended]);
  child.kill("SIGKILL");
  await ended;
  return !said.includes("ends");
}

test("kill -9 while an image is unpacked leaves no half a layer that is ever run from", async () => {
  const store = await openDiskImageStore(join(root, "images"));
  const layer = (name: string) =>
    Array.from({ length: FILES }, (_, n) =>
      layerFile(`/workspace/${name}/${n}`, `${name} ${n} ${"x".repeat(500)}`),
    );
  const digest = await makeAppImage(store, ["a", "b", "c"].map(layer));
  let killed = 0;
  for (const afterMs of [0, 10, 30, 60, 100, 150]) if (await unpackAndKill(digest, afterMs)) killed += 1;
  expect(killed).toBeGreaterThanOrEqual(2);
  const unpack = await openImageUnpacker({ store, folder: join(root, "layers"), host: TEST_HOST });
  expect(
    readdirSync(join(root, "layers")).filter((name) => name.startsWith(".") && name !== ".boot"),
  ).toEqual([]);
  const { lowerDirs } = await unpack(digest);
  for (const [n, name] of ["c", "b", "a"].entries()) {
    const folder = join(lowerDirs[n] ?? "", "workspace", name);
    expect(readdirSync(folder)).toHaveLength(FILES);
    expect(readFileSync(join(folder, `${FILES - 1}`), "utf8")).toContain(`${name} ${FILES - 1} xxx`);
  }
});
