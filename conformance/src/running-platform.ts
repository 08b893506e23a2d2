import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaitLine } from "./await-line.ts";
import { processIds, readIfThere } from "./passing-files.ts";

/** The repository this file is in: where `npm start` is typed. */
export const CLONE = join(import.meta.dirname, "..", "..");

/** What `access.json` holds. */
export interface PlatformAccess {
  readonly api: string;
  readonly router: string;
  readonly domain: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly ca: string;
}

/** A platform that was started with `npm start`, in a home of its own. */
export interface RunningPlatform {
  readonly home: string;
  readonly access: PlatformAccess;
  readonly apiPort: number;
  readonly routerPort: number;
  readonly routerTlsPort: number;
  /** The address that routers see the journey's visits come from. */
  readonly visitor: string;
  /** The process id of `npm start`. */
  readonly pid: number;
  /** Everything it has printed so far. */
  output(): string;
  /** The process ids of the roles, by the names that `ps` shows. */
  roles(): ReadonlyMap<string, number>;
  /** Ends it as a person would, by SIGTERM to npm; resolves with npm's exit code when all has ended. */
  stop(): Promise<number | null>;
  /** Waits for the end of an `npm start` that was ended some other way. */
  ended(): Promise<number | null>;
}

export interface StartOptions {
  /** An existing home to start again in; default: a fresh one, removed by `removeHome`. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly [number, number, number];
  readonly clone?: string;
  readonly readyMs?: number;
  /** A command that runs another one as if on a lesser machine, and becomes it. */
  readonly machine?: readonly string[];
}

const READY_MS = 120_000;
const STOP_MS = 60_000;

export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), "conifer-journey-"));
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

/**
 * Types `npm start` and waits for the line that scripts wait for. Throws with all it printed when that never comes. With
 * CONIFER_INSTALLATION, the namespace of an installation in the cluster of KUBECONFIG, it types `conifer connect` instead.
 * With CONIFER_VISITOR too, a balancer leads the router's own port to the cluster's nodes, and they see that address.
 */
export async function startPlatform(options: StartOptions = {}): Promise<RunningPlatform> {
  const home = options.home ?? makeHome();
  const { CONIFER_INSTALLATION: installation, CONIFER_VISITOR: balanced } = process.env;
  const ports = options.ports ?? (installation && !balanced ? SETTLED_PORTS : await freePorts());
  const [apiPort, connectedPort, routerTlsPort] = ports;
  const isBalanced = Boolean(installation && balanced && !options.ports);
  const how = installation ? connecting(installation, home, ports) : starting(home, ports);
  // A run of tests that is killed must not leave it behind.
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...(options.machine ?? []), "npm", ...how.args], {
    cwd: options.clone ?? CLONE,
    env: { ...process.env, ...how.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  const take = (chunk: Buffer) => {
    text += chunk.toString("utf8");
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const withinMs = options.readyMs ?? READY_MS;
  await awaitLine(child, { who: "npm", line: how.line, withinMs, text: () => text });
  const access = readAccess(home);
  return {
    home,
    access,
    apiPort,
    routerPort: isBalanced ? SETTLED_PORTS[1] : connectedPort,
    routerTlsPort,
    visitor: (isBalanced && balanced) || "127.0.0.1",
    pid: child.pid ?? 0,
    output: () => text,
    roles: () => findRoles(home),
    ended: () => exit,
    stop: async () => {
      if (installation) await removeApps(readAccess(home));
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      const code = await within(exit, STOP_MS, `npm did not end after SIGTERM:\n${text}`);
      return code;
    },
  };
}

/** As it is now: journeys may have taken over another account. */
const readAccess = (home: string) =>
  JSON.parse(readFileSync(join(home, "access.json"), "utf8")) as PlatformAccess;

/** An installation tells its apps' addresses with the router's own port. */
const SETTLED_PORTS = [6400, 8080, 8443] as const;

type Ports = readonly [number, number, number];

function starting(home: string, [api, router, routerTls]: Ports) {
  const env = {
    CONIFER_HOME: home,
    CONIFER_PORT: String(api),
    CONIFER_ROUTER_PORT: String(router),
    CONIFER_ROUTER_TLS_PORT: String(routerTls),
  };
  return { args: ["start"], env, line: "Conifer is ready" };
}

function connecting(namespace: string, home: string, [api, router, routerTls]: Ports) {
  const ports = ["--port", api, "--router-port", router, "--router-tls-port", routerTls].map(String);
  const words = ["connect", "--namespace", namespace, "--home", home, ...ports];
  return { args: ["run", "-s", "conifer", "--", ...words], env: {}, line: "Connected:" };
}

/** An installation goes on after a journey, and the next one begins as the first did. */
async function removeApps({ api, token }: PlatformAccess): Promise<void> {
  const call = async (method: string, path: string) => {
    const headers = { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` };
    return await fetch(new URL(path, api), { method, headers });
  };
  const apps = (await (await call("GET", "/apps")).json()) as readonly { readonly id: string }[];
  for (const { id } of apps) await call("DELETE", `/apps/${id}`);
}

/** Rejects with the text when the work takes longer. */
export async function within<T>(work: Promise<T>, ms: number, text: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(text)), ms);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Three ports that are free now, below the range that outgoing connections take theirs from. */
export async function freePorts(): Promise<[number, number, number]> {
  const found: number[] = [];
  while (found.length < 3) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (!found.includes(port) && (await isFree(port))) found.push(port);
  }
  return found as [number, number, number];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(port, "127.0.0.1", resolve),
    );
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

/** Reads the process table for this home's roles: `conifer control` and its like, told apart by their environment. */
function findRoles(home: string): ReadonlyMap<string, number> {
  const roles = new Map<string, number>();
  for (const pid of processIds()) {
    const title = readIfThere(`/proc/${pid}/cmdline`).split("\0")[0] ?? "";
    const match = /^conifer (supervisor|control|router|host|registry)\b/.exec(title);
    if (match?.[1] && readIfThere(`/proc/${pid}/environ`).includes(`CONIFER_HOME=${home}\0`))
      roles.set(match[1], pid);
  }
  const postmaster = readIfThere(join(home, "postgres", "postmaster.pid")).split("\n")[0];
  if (postmaster) roles.set("postgres", Number(postmaster));
  return roles;
}
