import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Agent, request } from "undici";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";
import { freePort } from "../../../kernel/free-port-fixtures.ts";
import { errorText, pause } from "../../../kernel/index.ts";

/** A real ACME server, which proves names as public authorities do: Pebble, a Go module of its own, with its server of names. */
const VERSION = "v2.10.1";
const PROGRAMS = ["pebble", "pebble-challtestsrv"] as const;
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer", `pebble-${VERSION}`);
const GO = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/go/bin"]
  .map((folder) => join(folder, "go"))
  .find((path) => existsSync(path));

/**
 * Builds the programs unless that has been done before: one or two minutes. Returns why there is no ACME server here, for the
 * name of a test that is then skipped.
 */
export async function buildPebble(): Promise<string | undefined> {
  if (existsSync(CACHE)) return undefined;
  if (GO === undefined) return "no ACME server here: Go is missing, which builds Pebble";
  return await build(GO).then(
    () => undefined,
    (thrown: unknown) => `no ACME server here: ${errorText(thrown).split("\n").slice(0, 2).join(" ")}`,
  );
}

async function build(go: string): Promise<void> {
  mkdirSync(join(CACHE, ".."), { recursive: true });
  const part = mkdtempSync(`${CACHE}.part-`);
  try {
    const packages = PROGRAMS.map((name) => `github.com/letsencrypt/pebble/v2/cmd/${name}@${VERSION}`);
    const env = { ...process.env, GOBIN: part, CGO_ENABLED: "0", GOFLAGS: "" };
    await promisify(execFile)(go, ["install", "-trimpath", ...packages], { env, timeout: 270_000 });
    if (!existsSync(CACHE)) renameSync(part, CACHE);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

export interface PebbleOptions {
  /** Where proofs are asked for, in place of port 80. */
  readonly httpPort: number;
  /** How long certificates are good. Default 90 days. */
  readonly goodSeconds?: number;
}

/** An account that was made elsewhere, to which those of this authority must be bound. */
export const ELSEWHERE = { id: "kid-1", key: Buffer.alloc(32, 7).toString("base64url") };

export interface Pebble {
  readonly directory: string;
  /** A file with what clients must trust to reach it. */
  readonly caFile: string;
  /** What it shows them, for a server that stands before it. PEM. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  /** The root of what it issues, PEM. */
  root(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts an authority to which every name is at 127.0.0.1. `blocked-domain.example` it refuses. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-pebble-"));
  const caFile = join(folder, "ca.pem");
  const web = openCertificateAuthority({ caFile, keyFile: join(folder, "ca.key"), now: () => new Date() });
  const { cert, key } = web.issue(["127.0.0.1"]);
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  const [port, managementPort, dnsPort, controlPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const settings = {
    ...{ listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${managementPort}` },
    ...{ certificate: join(folder, "cert.pem"), privateKey: join(folder, "key.pem") },
    ...{ httpPort: options.httpPort, tlsPort: 5001, keyAlgorithm: "ecdsa", ocspResponderURL: "" },
    ...{ externalAccountBindingRequired: true, externalAccountMACKeys: { [ELSEWHERE.id]: ELSEWHERE.key } },
    ...{ domainBlocklist: ["blocked-domain.example"], retryAfter: { authz: 1, order: 1 } },
    profiles: { default: { description: "", validityPeriod: options.goodSeconds ?? 90 * 86_400 } },
  };
  writeFileSync(join(folder, "settings.json"), JSON.stringify({ pebble: settings }));
  const env = { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" };
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""];
  const children = [
    start("pebble-challtestsrv", [
      "-dnsserver",
      `127.0.0.1:${dnsPort}`,
      "-management",
      `127.0.0.1:${controlPort}`,
      "-defaultIPv6",
      "",
      ...off,
    ]),
    start("pebble", ["-config", join(folder, "settings.json"), "-dnsserver", `127.0.0.1:${dnsPort}`], env),
  ];
  const dispatcher = new Agent({ connect: { ca: web.caPem } });
  const headers = { "user-agent": "Conifer/test" };
  const read = async (url: string) => await (await request(url, { dispatcher, headers })).body.text();
  const stop = async () => {
    await dispatcher.destroy();
    for (const child of children) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const directory = `https://127.0.0.1:${port}/dir`;
  try {
    await waitUntilUp(() => read(directory), children);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  const tls = { cert, key, ca: web.caPem };
  return { directory, caFile, tls, root: () => read(`https://127.0.0.1:${managementPort}/roots/0`), stop };
}

function start(name: (typeof PROGRAMS)[number], args: readonly string[], env = {}): ChildProcess {
  return spawn(join(CACHE, name), args, { env: { ...process.env, ...env }, stdio: "ignore" });
}

async function waitUntilUp(ask: () => Promise<string>, children: readonly ChildProcess[]): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await pause(50)) {
    const ended = children.find(({ exitCode }) => exitCode !== null);
    if (ended) throw new Error(`${ended.spawnfile} ended with ${ended.exitCode}`);
    const answer = await ask().catch(() => undefined);
    if (answer?.includes("newOrder")) return;
  }
  throw new Error("the ACME server does not answer within 20 s");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
