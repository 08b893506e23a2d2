import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { ClusterStatus } from "./cluster-status.ts";
import { packImage } from "./pack-image.ts";

const ENTRY = join(import.meta.dirname, "../run-cluster.ts");

/** How a command of the tool ended. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the tool on one cluster as a user would, but as a process of its own. */
export function onCluster(name: string) {
  const argsFor = (args: readonly string[]) => [
    "--disable-warning=ExperimentalWarning",
    ENTRY,
    "--name",
    name,
    ...args,
  ];
  const run = (args: readonly string[], input?: string): Ended => {
    const ended = spawnSync(process.execPath, argsFor(args), { encoding: "utf8", input, timeout: 200_000 });
    return { status: ended.status, output: ended.stdout, errors: ended.stderr };
  };
  /** Its output; throws unless it ends well. */
  const must = (...args: string[]): string => {
    const { status, output, errors } = run(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: status ${status}\n${errors}${output}`);
    return output;
  };
  return {
    run,
    must,
    kubectl: (...args: string[]) => must("kubectl", ...args).trim(),
    status: () => JSON.parse(run(["status", "--json"]).output) as ClusterStatus | null,
    apply: (...objects: unknown[]) => {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      const { status, errors } = run(["kubectl", "apply", "-f", "-"], JSON.stringify(list));
      if (status !== 0) throw new Error(errors);
    },
    /** Starts a command that the caller ends or awaits. */
    start: (...args: string[]) => {
      const child = spawn(process.execPath, argsFor(args), { stdio: "ignore", detached: true });
      const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
      return { child, ended };
    },
  };
}

/** Asks until the answer is true, or throws with what it was last. */
export async function eventually<T>(ask: () => T, isGood: (answer: T) => boolean, seconds = 60): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = ask();
    if (isGood(answer)) return answer;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer)} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A DaemonSet of the probe and a Service in front of it. */
export function probeObjects(image: string, families: readonly string[]): unknown[] {
  const labels = { app: "probe" };
  const container = {
    name: "probe",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["/probe", "serve", "8080", "hello"],
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "probe" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 1, containers: [container] },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "probe" },
      spec: {
        selector: labels,
        ports: [{ port: 80, targetPort: 8080 }],
        ipFamilies: families,
        ipFamilyPolicy: families.length > 1 ? "RequireDualStack" : "SingleStack",
      },
    },
  ];
}

/** A registry over plain http with one image `app:1` that holds the program; it counts the pulls of the manifest. */
export async function serveImage(program: string, host: string, port: number) {
  const archive = await packImage("localhost/app:1", [{ source: program, target: "/probe" }]);
  const blobs = blobsOf(archive);
  const index = JSON.parse(blobs.get("index.json")?.toString() ?? "") as {
    manifests: { digest: string; mediaType: string }[];
  };
  const [manifest] = index.manifests;
  if (!manifest) throw new Error("the archive holds no manifest");
  let pulls = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const [, kind, name] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    if (path === "/v2/") return void response.end("{}");
    if (kind === "manifests") pulls += 1;
    const digest = name === "1" ? manifest.digest : (name ?? "");
    const content = blobs.get(`blobs/${digest.replace(":", "/")}`);
    if (!content) return void response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": kind === "manifests" ? manifest.mediaType : "application/octet-stream",
      "content-length": content.length,
      "docker-content-digest": `sha256:${createHash("sha256").update(content).digest("hex")}`,
    });
    response.end(request.method === "HEAD" ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return { pulls: () => pulls, stop: () => stopServer(server) };
}

function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** The files of a tar archive with short names. */
export function blobsOf(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= archive.length; ) {
    const name = archive.toString("utf8", at, archive.indexOf(0, at));
    if (name === "") break;
    const size = Number.parseInt(archive.toString("utf8", at + 124, at + 135), 8);
    files.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** Everything on this machine that carries the cluster's name or addresses. */
export function tracesOf(name: string, block: string): string[] {
  const lines = (command: string) =>
    spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout.split("\n");
  const third = Number(block.split(".")[2]);
  const own = Array.from({ length: 16 }, (_, at) => `198.19.${third + at}.`);
  const marked = (line: string) =>
    line.includes(`ck-${name}`) ||
    line.includes(`conifer-cluster:${name}"`) ||
    line.includes(`conifer-cluster/${name}/`) ||
    line.includes(`/clusters/${name}/`) ||
    own.some((start) => line.includes(start));
  return [
    ...lines("ip -o link"),
    ...lines("ip route"),
    ...lines("ip -6 route"),
    ...lines("iptables-save"),
    ...lines("find /sys/fs/cgroup -maxdepth 2 -name 'ck-*'"),
    ...lines("ps -eo args"),
    ...readFileSync("/proc/self/mountinfo", "utf8").split("\n"),
  ].filter(marked);
}
