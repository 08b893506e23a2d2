import { spawn } from "node:child_process";
import {
  createWriteStream,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { runProgram } from "../cluster/run-program.ts";
import { keptMode, placeOf } from "./root-paths.ts";

/** A package's file on this machine. */
export interface PackageFile {
  readonly name: string;
  readonly layer: string;
  readonly file: string;
}

/** What is known of a path of the root that a package brought. */
export interface PackedPath {
  /** The package that brought it; for a folder the first one that did. */
  readonly owner: string;
  readonly layer: string;
  /** What the image says, whatever the file on this machine has. */
  readonly mode: number;
}

/** Paths are relative to the root. */
export type PackedPaths = ReadonlyMap<string, PackedPath>;

const SMALL = 1024 * 1024;

/**
 * Unpacks packages into an empty folder, without running anything of theirs. Owners are left out and modes are told, not
 * set, so that no root is needed and nothing is in the way of its removal.
 * @throws Error when two packages bring the same file, or one cannot be read
 */
export async function unpackPackages(packages: readonly PackageFile[], root: string): Promise<PackedPaths> {
  const tree = new RootTree(root);
  for (const one of packages) await unpackPackage(one, tree);
  return tree.paths;
}

async function unpackPackage(one: PackageFile, tree: RootTree): Promise<void> {
  const program = spawn("dpkg-deb", ["--fsys-tarfile", one.file], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<string>((resolve) => {
    program.once("error", ({ message }) => resolve(message));
    program.once("close", (status) => resolve(status === 0 ? "" : `dpkg-deb ended with status ${status}`));
  });
  const complaints = buffer(program.stderr);
  const broken = await addAll(program.stdout, one, tree).catch((thrown: unknown) => thrown);
  program.kill();
  const said = (await complaints).toString().trim();
  if (broken instanceof ContentError) throw broken;
  const failure = await ended;
  if (broken === undefined && failure === "") return;
  throw new Error(`${one.name} cannot be unpacked: ${said || failure || broken}`, { cause: broken });
}

async function addAll(content: Readable, one: PackageFile, tree: RootTree): Promise<void> {
  const tar = extract();
  const feeding = pipeline(content, tar as unknown as NodeJS.WritableStream);
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  for await (const entry of tar) {
    await tree.add(one, entry.header, entry as unknown as Readable);
    entry.resume();
  }
  await feeding;
}

/** What a package holds cannot be part of the root. */
class ContentError extends Error {}

/** The root as it grows. */
class RootTree {
  readonly paths = new Map<string, PackedPath>();
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async add(from: PackageFile, header: Header, body: Readable): Promise<void> {
    const path = placeOf(header.name);
    if (path === undefined) return;
    const target = join(this.#root, path);
    const mode = keptMode(header.mode);
    if (header.type === "directory") {
      mkdirSync(target, { recursive: true });
      this.#note(path, from, mode);
      return;
    }
    const before = this.paths.get(path);
    if (before) return this.#requireSame(path, before, { from, header, body });
    mkdirSync(dirname(target), { recursive: true });
    switch (header.type) {
      case "symlink":
        symlinkSync(header.linkname ?? "", target);
        break;
      case "link":
        linkSync(join(this.#root, placeOf(header.linkname ?? "") ?? ""), target);
        break;
      case "file":
        if (header.size > SMALL)
          await pipeline(body, createWriteStream(target, { flags: "wx", mode: 0o755 }));
        else writeFileSync(target, await buffer(body), { flag: "wx", mode: 0o755 });
        break;
      default:
        throw new ContentError(`${from.name} brings a ${header.type} at /${path}`);
    }
    this.#note(path, from, mode);
  }

  #note(path: string, { name, layer }: PackageFile, mode: number): void {
    if (!this.paths.has(path)) this.paths.set(path, { owner: name, layer, mode });
  }

  /** Packages may share a file, such as a changelog, when it is the same. */
  async #requireSame(
    path: string,
    before: PackedPath,
    { from, header, body }: { from: PackageFile; header: Header; body: Readable },
  ): Promise<void> {
    const target = join(this.#root, path);
    const isFile = header.type === "file" && lstatSync(target).isFile();
    if (isFile && readFileSync(target).equals(await buffer(body))) return;
    throw new ContentError(`${before.owner} and ${from.name} both bring /${path}`);
  }
}

/**
 * Runs a program of the new root inside it, as its root user: of this machine only the kernel is used.
 * @throws ClusterError with what the program said
 */
export async function runInRoot(root: string, argv: readonly string[]): Promise<string> {
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const environment = {
    PATH: "/usr/sbin:/usr/bin",
    LC_ALL: "C.UTF-8",
    HOME: "/root",
    PYTHONHASHSEED: "0",
  };
  const unshare = ["--mount", ...asRoot, `--root=${root}`, "--wd=/", "--", ...argv];
  return await runProgram("/usr/bin/unshare", unshare, { environment });
}
