import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { linkSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { hexOf, type ImageStore, type OciManifest } from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import type { LayerUses } from "./layer-uses.ts";

export interface ContainerDependencies {
  readonly store: Pick<ImageStore, "read">;
  /** CONIFER_HOME/layers. */
  readonly folder: string;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly uses?: LayerUses;
}

/** Runs work of a name once, however many ask for it at a time. */
export type Once = (name: string, work: () => Promise<string>) => Promise<string>;

const LIMITS = { bytes: 16 * 1024 ** 3, entries: 2_000_000 };
const MOST_LAYERS = 127;
const WHITEOUT = ".wh.";
const OPAQUE = `${WHITEOUT}${WHITEOUT}.opq`;
const run = promisify(execFile);

/**
 * Unpacks all layers of an image that anybody may have made, and returns their folders, the topmost first. A folder is
 * named by the digest of its layer's bytes, which the store has checked, and never by what the image says of them, so that no
 * image becomes a part of another by a false word. One that hides whole folders of those below it belongs to them
 * too. (image-spec 1.1, "Image Layer Filesystem Changeset")
 */
export async function unpackWhole(
  { layers }: Pick<OciManifest, "layers">,
  deps: ContainerDependencies,
  once: Once,
): Promise<readonly string[]> {
  if (layers.length > MOST_LAYERS)
    throw invalidParams(`The image has ${layers.length} layers; at most ${MOST_LAYERS} can be run.`);
  let folders: readonly string[] = [];
  for (const { digest } of layers) {
    const below = folders;
    const folder = await once(`${digest} ${below.join(" ")}`, () => unpackOver(digest, below, deps));
    // The same layer twice is there as the upper one.
    folders = [folder, ...below.filter((other) => other !== folder)];
  }
  return folders;
}

async function unpackOver(
  digest: string,
  below: readonly string[],
  deps: ContainerDependencies,
): Promise<string> {
  const own = join(deps.folder, `container-${hexOf(digest)}`);
  const over = `${own}-${createHash("sha256")
    .update(below.map((path) => basename(path)).join(" "))
    .digest("hex")
    .slice(0, 32)}`;
  for (const target of [own, over]) {
    deps.uses?.mark(basename(target));
    if (existing(target)) return target;
  }
  const aside = join(deps.folder, `.${process.pid}-${randomUUID()}`);
  await mkdir(aside, { mode: 0o755 });
  try {
    const hidden = new Hidden(aside);
    await unpackTar(plainTar(await deps.store.read(digest)), aside, {
      limits: LIMITS,
      ...(deps.owner ? { owner: deps.owner } : {}),
      special: async (path, header) => hidden.note(path, header.type),
    });
    const target = (await hidden.apply(below)) ? over : own;
    await rename(aside, target).catch((thrown) => {
      if (!existing(target)) throw thrown;
    });
    return target;
  } finally {
    await removeTree(aside);
  }
}

/** What a layer hides of those below it. A whiteout of the image format becomes one of overlay: a character device 0/0. */
class Hidden {
  readonly #root: string;
  readonly #paths: string[] = [];
  readonly #folders = new Set<string>();
  #template: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** True when the entry only says what is hidden. */
  note(path: string, type: unknown): boolean {
    const [name, folder] = [basename(path), dirname(path)];
    if (!name.startsWith(WHITEOUT)) return false;
    if (type !== "file" || name === WHITEOUT) throw invalidParams(`"${path}" is not a valid whiteout.`);
    if (name === OPAQUE) this.#folders.add(folder === "." ? "" : folder);
    else if (!name.startsWith(WHITEOUT + WHITEOUT))
      this.#paths.push(join(folder, name.slice(WHITEOUT.length)));
    return true;
  }

  /** Makes the whiteouts; true when they depend on what is below. What the layer brings itself is never hidden. */
  async apply(below: readonly string[]): Promise<boolean> {
    for (const path of this.#paths) {
      const found = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
      if (!found) await this.#hide(path);
      else if (found.isDirectory()) this.#folders.add(path);
    }
    for (const folder of this.#folders) for (const lower of below) await this.#hideAll(folder, lower);
    if (this.#template) rmSync(this.#template);
    return this.#folders.size > 0;
  }

  async #hideAll(folder: string, lower: string): Promise<void> {
    for (const name of namesIn(lower, folder)) {
      const path = join(folder, name);
      const own = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
      if (!own) await this.#hide(path);
      else if (own.isDirectory()) await this.#hideAll(path, lower);
    }
  }

  async #hide(path: string): Promise<void> {
    if (!this.#template) {
      this.#template = join(this.#root, `.${randomUUID()}`);
      await run("mknod", [this.#template, "c", "0", "0"]);
    }
    mkdirSync(join(this.#root, dirname(path)), { recursive: true });
    linkSync(this.#template, join(this.#root, path));
  }
}

/** The names in a folder of a layer, which no link leads to; none when it has no such folder. */
function namesIn(root: string, folder: string): readonly string[] {
  const parts = folder.split("/").filter(Boolean);
  const steps = parts.map((_, n) => join(root, ...parts.slice(0, n + 1)));
  const isThere = steps.every((step) => lstatSync(step, { throwIfNoEntry: false })?.isDirectory());
  return isThere ? readdirSync(join(root, folder)) : [];
}

/** Whether one of the layers has something at a path, or a link at the folder it is in. */
export function hasFile(lowerDirs: readonly string[], path: readonly string[]): boolean {
  const [folder, name = ""] = [path.slice(0, -1).join("/"), path.at(-1)];
  return lowerDirs.some((lower) => namesIn(lower, folder).includes(name));
}

function existing(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** The layer as a plain tar. How it was compressed is told by its first bytes: media types are only what somebody wrote. */
function plainTar(content: Readable): Readable {
  const chunks = content[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return Readable.from(
    (async function* () {
      let head = Buffer.alloc(0);
      for (let done = false; !done && head.length < ZSTD.length; ) {
        const next = await chunks.next();
        done = next.done === true;
        if (!done) head = Buffer.concat([head, next.value as Buffer]);
      }
      const rest = async function* () {
        yield head;
        for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
      };
      const decoder = decoderOf(head);
      // Its reader sees what goes wrong.
      yield* decoder ? pipeline(rest, decoder, () => {}) : rest();
    })(),
  );
}

function decoderOf(head: Buffer) {
  const begins = (magic: readonly number[]) => magic.every((byte, n) => head[n] === byte);
  if (begins(GZIP)) return createGunzip();
  return begins(ZSTD) ? createZstdDecompress() : undefined;
}
