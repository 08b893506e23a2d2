import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDiskImageStore } from "../images/index.ts";
import { openFileArchiveStore, openFileSourceStore } from "./index.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "faults-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const HERE = import.meta.dirname;
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

/** Writes without end, and says on its output each thing that a store has promised to keep. */
const WRITER = `
import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
const [kind, here, root] = process.argv.slice(2);
const stores = {
  sources: async () => {
    const store = await (await import(here + "/index.ts")).openFileSourceStore({ folder: root });
    return async (content) => (await store.write(content)).digest;
  },
  archives: async () => {
    const store = await (await import(here + "/index.ts")).openFileArchiveStore({ folder: root });
    return async (content) => { const id = randomUUID(); await store.write(id, content); return id; };
  },
  images: async () => {
    const store = await (await import(here + "/../images/index.ts")).openDiskImageStore(root);
    return async (content) => {
      const { digest } = await store.write(content);
      await store.tag("app:" + digest.slice(7, 15), digest);
      return digest;
    };
  },
};
const write = await stores[kind]();
for (;;) {
  const parts = Array.from({ length: 8 }, () => randomBytes(30_000));
  process.stdout.write((await write(Readable.from(parts))) + "\\n");
}
`;

async function killedWriter(
  kind: string,
  folder: string,
  program: string,
  afterLines: number,
): Promise<string[]> {
  const args = ["--disable-warning=ExperimentalWarning", program, kind, HERE, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (said.split("\n").length > afterLines) child.kill("SIGKILL");
  });
  await once(child, "close");
  return said.split("\n").slice(0, -1);
}

describe("a writer that is killed", () => {
  it.each(["sources", "archives", "images"])(
    "loses nothing it has told of, and leaves nothing half-written: %s",
    async (kind) => {
      const program = join(root, "writer.mjs");
      await writeFile(program, WRITER);
      const folder = join(root, kind);
      const promised: string[] = [];
      for (let kill = 1; kill <= 5; kill++)
        promised.push(...(await killedWriter(kind, folder, program, kill * 3)));
      expect(promised.length).toBeGreaterThan(10);
      if (kind === "archives") {
        const store = await openFileArchiveStore({ folder });
        for (const id of promised) {
          const { content, sizeBytes } = await store.read(id);
          expect([sizeBytes, (await buffer(content)).length]).toEqual([240_000, 240_000]);
        }
        expect((await filesIn(folder)).filter((name) => name.startsWith("incoming"))).toEqual([]);
        return;
      }
      const store =
        kind === "sources" ? await openFileSourceStore({ folder }) : await openDiskImageStore(folder);
      for (const digest of promised) expect(digestOf(await buffer(await store.read(digest)))).toBe(digest);
      const names = (await filesIn(folder)).filter((name) => !/^[0-9a-f]{64}$/.test(name));
      expect(names.sort()).toEqual(kind === "images" ? ["index.json", "oci-layout"] : []);
      if (kind !== "images") return;
      const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));
      const named = new Set(index.manifests.map((one: { digest: string }) => one.digest));
      expect(promised.filter((digest) => !named.has(digest))).toEqual([]);
    },
  );
});

describe("writers side by side", () => {
  it("end up with one file when they write the same, and each with its own otherwise", async () => {
    const store = await openFileSourceStore({ folder: root });
    const texts = Array.from({ length: 24 }, (_, i) => Buffer.alloc(100_000, String(i % 6)));
    const written = await Promise.all(
      texts.map((text) => store.write(Readable.from([text.subarray(0, 1), text.subarray(1)]))),
    );
    expect(written.map(({ digest }) => digest)).toEqual(texts.map(digestOf));
    expect(await filesIn(root)).toHaveLength(6);
  });

  it("that open a new image store at once find one index, with what any of them has named by then", async () => {
    for (let round = 0; round < 10; round++) {
      const folder = join(root, `${round}`);
      const open = async (i: number) => {
        const store = await openDiskImageStore(folder);
        if (i !== 0) return;
        const { digest } = await store.write(Buffer.from("{}"));
        await store.tag("a:b", digest);
      };
      await Promise.all(Array.from({ length: 8 }, (_, i) => open(i)));
      const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));
      expect(index.manifests).toHaveLength(1);
      expect((await readdir(folder)).sort()).toEqual(["blobs", "index.json", "ingest", "oci-layout"]);
    }
  });

  it("keep every name given through one store, however many are given at once", async () => {
    const store = await openDiskImageStore(root);
    const { digest } = await store.write(Buffer.from("{}"));
    const names = Array.from({ length: 30 }, (_, i) => `app:${i}`);
    await Promise.all(names.map((name) => store.tag(name, digest)));
    const index = JSON.parse(await readFile(join(root, "index.json"), "utf8"));
    expect(index.manifests).toHaveLength(30);
  });
});

describe("a disk that fails", () => {
  /** A limit on the size of files stands for a full disk: the write fails in the middle. */
  const LIMITED = `
import { Readable } from "node:stream";
const [here, root] = process.argv.slice(2);
const { openFileArchiveStore, openFileSourceStore } = await import(here + "/index.ts");
const { openDiskImageStore } = await import(here + "/../images/index.ts");
const large = () => Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(50_000, 1)));
const told = [];
const attempt = (work) => work.then(() => told.push("written"), (thrown) => told.push(thrown.code));
await attempt((await openFileSourceStore({ folder: root + "/sources" })).write(large()));
await attempt((await openFileArchiveStore({ folder: root + "/archives" })).write("01234567-89ab-4cde-8123-456789abcdef", large()));
await attempt((await openDiskImageStore(root + "/images")).write(large()));
process.stdout.write(told.join());
`;

  it("is told, and nothing is left of what could not be written", async () => {
    const program = join(root, "limited.mjs");
    await writeFile(program, LIMITED);
    const shell = `trap '' XFSZ; ulimit -f 1000; exec "$@"`;
    const args = [
      "-c",
      shell,
      "sh",
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      program,
      HERE,
      root,
    ];
    const child = spawn("/bin/sh", args, { stdio: ["ignore", "pipe", "inherit"] });
    const said = await buffer(child.stdout);
    expect(said.toString()).toBe("EFBIG,EFBIG,EFBIG");
    expect((await filesIn(root)).sort()).toEqual(["index.json", "limited.mjs", "oci-layout"]);
  });

  it("of a sender that breaks off leaves nothing either", async () => {
    const broken = () =>
      Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000);
          throw new Error("the sender is gone");
        })(),
      );
    const sources = await openFileSourceStore({ folder: join(root, "sources") });
    const archives = await openFileArchiveStore({ folder: join(root, "archives") });
    const images = await openDiskImageStore(join(root, "images"));
    await expect(sources.write(broken())).rejects.toThrow("the sender is gone");
    await expect(archives.write("01234567-89ab-4cde-8123-456789abcdef", broken())).rejects.toThrow(
      "the sender is gone",
    );
    await expect(images.write(broken())).rejects.toThrow("the sender is gone");
    await expect(images.write(Buffer.from("a"), digestOf(Buffer.from("b")))).rejects.toThrow(
      "the content's digest is",
    );
    expect((await filesIn(root)).sort()).toEqual(["index.json", "oci-layout"]);
  });

  it("of an index that is no index refuses names and changes nothing", async () => {
    const store = await openDiskImageStore(root);
    const { digest } = await store.write(Buffer.from("{}"));
    await writeFile(join(root, "index.json"), "{ half");
    await expect(store.tag("a:b", digest)).rejects.toThrow();
    expect(await readFile(join(root, "index.json"), "utf8")).toBe("{ half");
    expect(await store.has(digest)).toBe(true);
  });
});
