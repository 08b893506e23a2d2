import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runProgram, startServer, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { makeZip } from "../../shared/zip-fixtures.ts";
import { makeDatabase } from "./checksum-fixtures.ts";
import { makeModuleHash } from "./module-hash.ts";

export const GO_ARCH = process.arch === "arm64" ? "arm64" : "amd64";

export const moduleVersion = (version: string) => `v0.0.1-go${version}.linux-${GO_ARCH}`;

/** What a toolchain of these tests holds: a program that says its version, and what has to stay behind. */
const FILES = (version: string) => ({
  "bin/go": `#!/bin/sh\necho go${version}\n`,
  "src/fmt/print.go": "package fmt\n",
  "src/fmt/fmt_test.go": "package fmt\n",
  "src/go/testdata/x": "x",
  "test/run.go": "package main\n",
});

/** A module's zip of a toolchain, and its hash. */
export function toolchainZip(version: string) {
  const top = `golang.org/toolchain@${moduleVersion(version)}/`;
  const hash = makeModuleHash();
  const files = { ...FILES(version), "src/_go.mod": "module std\n" };
  const members = Object.entries(files).map(([name, content]) => ({ name: top + name, content }));
  for (const { name, content } of members) hash.add(name, Buffer.from(content));
  return { bytes: makeZip(members), hash: hash.digest(), top };
}

async function toolchainTar(version: string): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), "conifer-toolchain-"));
  const files = Object.entries({ ...FILES(version), "src/go.mod": "module std\n" });
  await writeFiles(folder, Object.fromEntries(files.map(([name, text]) => [`go/${name}`, text])));
  const made = await runProgram("sh", ["-c", "chmod 755 go/bin/go && tar -czf go.tgz go"], {
    cwd: folder,
    env: process.env,
  });
  if (made.code !== 0) throw new Error(made.output);
  const bytes = await readFile(path.join(folder, "go.tgz"));
  await rm(folder, { recursive: true });
  return bytes;
}

export interface ServedGo {
  /** Versions of the distribution at `/dl`. */
  readonly official?: readonly string[];
  /** Versions of the module proxy at `/proxy`, in its list. */
  readonly listed?: readonly string[];
  /** Versions the proxy has beyond its list. */
  readonly unlisted?: readonly string[];
  /** Changes an answer before it is sent. */
  readonly spoil?: (path: string, body: Buffer) => Buffer;
}

/** A server with a mirror of go.dev/dl at `/dl`, a module proxy at `/proxy`, and through it a checksum database. */
export async function serveGo({ official = [], listed = [], unlisted = [], spoil }: ServedGo) {
  const answers = new Map<string, Buffer>();
  const releases = [];
  for (const version of official) {
    const filename = `go${version}.linux-${GO_ARCH}.tar.gz`;
    const bytes = await toolchainTar(version);
    answers.set(`/dl/${filename}`, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const file = { filename, os: "linux", arch: GO_ARCH, kind: "archive", sha256 };
    releases.push({ version: `go${version}`, files: [{ ...file, kind: "installer", sha256: "" }, file] });
  }
  answers.set("/dl/?mode=json&include=all", Buffer.from(JSON.stringify(releases)));
  const module = "/proxy/golang.org/toolchain/@v";
  const lines = listed.map((version) => `${moduleVersion(version)}\nv0.0.1-go${version}.plan9-mips\n`);
  answers.set(`${module}/list`, Buffer.from(lines.join("")));
  const records: string[] = [];
  for (const version of [...listed, ...unlisted]) {
    const { bytes, hash } = toolchainZip(version);
    answers.set(`${module}/${moduleVersion(version)}.zip`, bytes);
    answers.set(`${module}/${moduleVersion(version)}.info`, Buffer.from("{}"));
    records.push(`golang.org/toolchain ${moduleVersion(version)} ${hash}\n`);
  }
  const database = makeDatabase([...records, "example.com/other v1.0.0 h1:x\n"]);
  const server = await startServer((request, response) => {
    const at = request.url ?? "";
    const sums = "/proxy/sumdb/sums.example";
    const found =
      answers.get(at) ?? (at.startsWith(sums) ? database.answer(at.slice(sums.length)) : undefined);
    if (found === undefined) response.writeHead(404).end("not found");
    else response.end(spoil?.(at, found) ?? found);
  });
  return {
    ...server,
    env: { PATH: process.env.PATH, GOPROXY: `${server.address}/proxy`, GOSUMDB: database.setting },
  };
}
