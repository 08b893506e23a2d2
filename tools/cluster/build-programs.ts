import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster-error.ts";
import { findProgram } from "./machine-needs.ts";
import { runProgram } from "./run-program.ts";
import { takeLock } from "./take-lock.ts";

/** The Go modules, each beside this file, and what is made of them. */
const MODULES = {
  /** Kubernetes itself: the names that the one binary goes by, and two small programs of ours. */
  go: {
    what: "Kubernetes from Go modules (about five minutes the first time)",
    binary: "kubernetes",
    names: [
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kubelet",
      "kube-proxy",
      "kubectl",
      "etcd",
      "coredns",
      "make-certificates",
    ],
    others: ["./pause", "./probe"],
  },
  /** What keeps simulated nodes alive. */
  kwok: { what: "kwok from Go modules (some minutes the first time)", binary: "kwok", names: [], others: [] },
} as const;

type ModuleName = keyof typeof MODULES;

/**
 * Builds a module's programs unless that has been done before, and returns the folder they lie in. It is named after all
 * that goes into them, so another version never mixes with this one and going back costs nothing.
 * @throws ClusterError `missing` without a Go that can build it, `failed` when it does not build
 */
export async function buildPrograms(cache: string, module: ModuleName, tell: Tell): Promise<string> {
  const source = join(import.meta.dirname, module);
  const folder = join(cache, await fingerprint(source));
  if (existsSync(folder)) return folder;
  const release = await takeLock(`build-${module}`, tell);
  try {
    if (existsSync(folder)) return folder;
    const go = await findGo(await readFile(join(source, "go.mod"), "utf8"));
    const part = `${folder}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    await tellStep(tell, `Building ${MODULES[module].what}`, () => build({ go, source, part, module, tell }));
    await rename(part, folder);
    return folder;
  } finally {
    await release();
  }
}

interface Build {
  readonly go: string;
  readonly source: string;
  readonly part: string;
  readonly module: ModuleName;
  readonly tell: Tell;
}

async function build({ go, source, part, module, tell }: Build): Promise<void> {
  const { binary, names, others } = MODULES[module];
  const environment = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
  const goMod = await readFile(join(source, "go.mod"), "utf8");
  const kubernetes = /k8s\.io\/kubernetes v([\d.]+)/.exec(goMod)?.[1];
  const compile = (output: string, packages: readonly string[]) =>
    runProgram(
      go,
      ["build", "-v", "-trimpath", "-ldflags", linkFlags(kubernetes), "-o", output, ...packages],
      { environment, folder: source, onOutput },
    );
  let compiled = 0;
  const began = performance.now();
  const onOutput = (text: string) => {
    compiled += text.split("\n").length - 1;
  };
  const beat = setInterval(() => {
    tell(`  ${compiled} packages after ${Math.round((performance.now() - began) / 1_000)} s`);
  }, 15_000);
  try {
    await compile(join(part, binary), ["."]);
    if (others.length > 0) await compile(`${part}/`, others);
  } catch (thrown) {
    throw new ClusterError("failed", `The programs could not be built. ${(thrown as Error).message}`, {
      cause: thrown,
    });
  } finally {
    clearInterval(beat);
  }
  for (const name of names) await symlink(binary, join(part, name));
}

/** Unless told, every program calls itself 0.0.0, from which the API server derives what it may offer. */
export function linkFlags(kubernetes: string | undefined): string {
  if (kubernetes === undefined) return "-s -w";
  const [major, minor] = kubernetes.split(".");
  const base = "k8s.io/component-base/version";
  const values = {
    [`${base}.gitVersion`]: `v${kubernetes}`,
    [`${base}.gitMajor`]: major,
    [`${base}.gitMinor`]: minor,
    [`${base}.gitTreeState`]: "clean",
    [`${base}.buildDate`]: "1970-01-01T00:00:00Z",
    "k8s.io/client-go/pkg/version.gitVersion": `v${kubernetes}`,
  };
  return ["-s -w", ...Object.entries(values).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

/** A name for all that goes into the programs: every file of the module, and the processor they are for. */
async function fingerprint(source: string): Promise<string> {
  const hash = createHash("sha256").update(process.arch);
  const names = (await readdir(source, { recursive: true })).filter((name) => /\.(?:go|mod|sum)$/.test(name));
  for (const name of names.sort()) hash.update(`\n${name}\n`).update(await readFile(join(source, name)));
  return hash.digest("hex").slice(0, 20);
}

async function findGo(goMod: string): Promise<string> {
  const oldest = /^go (\d+\.\d+)/m.exec(goMod)?.[1] ?? "1.24";
  const go = findProgram("go") ?? findProgram("/usr/local/go/bin/go");
  const wanted = `Go ${oldest} or newer, which builds the cluster's programs`;
  if (go === undefined)
    throw new ClusterError("missing", `Missing: ${wanted}. Install it and put it on PATH.`);
  const version = await runProgram(go, ["env", "GOVERSION"]);
  if (!isNewEnough(version, oldest)) {
    throw new ClusterError("missing", `${go} is ${version.trim()}; needed is ${wanted}.`);
  }
  return go;
}

/** Whether what `go env GOVERSION` prints is the oldest Go that will do (`1.24`), or newer. */
export function isNewEnough(version: string, oldest: string): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  const [first, second] = oldest.split(".").map(Number);
  return Number(major) > Number(first) || (Number(major) === first && Number(minor) >= Number(second));
}

/** Builds all that a cluster may ever need. */
export async function buildAll(cache: string, tell: Tell): Promise<void> {
  for (const module of Object.keys(MODULES) as ModuleName[]) await buildPrograms(cache, module, tell);
}
