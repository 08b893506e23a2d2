import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf, encodeDocument, MEDIA, makeManifest, packLayer } from "../../../delivery/image/index.ts";
import { type LogLine, silentLogger, systemClock } from "../../../kernel/index.ts";
import type { DynoBehavior } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { KIND, type KubeClient, makeKubeClient, openKubeAccess } from "../client/index.ts";
import {
  type DynoPlacement,
  type KubernetesDynoHost,
  type SpaceFence,
  startKubernetesDynoHost,
} from "./index.ts";

/** A cluster to test on, with an image its nodes can pull. */
export interface TestCluster {
  readonly client: KubeClient;
  /** `<registry>/<repository>@<digest>` of the image with a shell and small programs. */
  readonly imageRef: string;
  /** A namespace of its own, removed by `close`. */
  openSpace(fence?: Partial<SpaceFence>): TestSpace;
  close(): Promise<void>;
}

export interface TestSpace {
  readonly namespace: string;
  readonly placement: DynoPlacement;
  readonly lines: LogLine[];
  /** What the app's log says, without times: `app[web.1]: text`. */
  log(name?: string): string[];
  /** Another Conifer process on the same namespace. */
  startHost(
    client?: KubeClient,
    image?: DynoPlacement["imageRef"],
    change?: Partial<DynoPlacement>,
  ): Promise<KubernetesDynoHost>;
  close(): Promise<void>;
}

/**
 * The cluster that KUBECONFIG names. Its nodes pull from the registry CONIFER_CLUSTER_REGISTRY (`host:port` as they
 * call it), which this process is while the tests run; CONIFER_CLUSTER_REGISTRY_LISTEN says where to listen when the
 * host is no address of this machine.
 */
export async function openTestCluster(): Promise<TestCluster> {
  const { KUBECONFIG, CONIFER_CLUSTER_REGISTRY, CONIFER_CLUSTER_REGISTRY_LISTEN } = process.env;
  if (!KUBECONFIG || !CONIFER_CLUSTER_REGISTRY)
    throw new Error("These tests need a Kubernetes cluster. Run them with `npm run test:kubernetes`.");
  const client = makeKubeClient(await openKubeAccess(KUBECONFIG));
  const image = await makeTestImage();
  const registry = await serveImage(image, CONIFER_CLUSTER_REGISTRY_LISTEN ?? CONIFER_CLUSTER_REGISTRY);
  const imageRef = `${CONIFER_CLUSTER_REGISTRY}/tests/dyno@${image.digest}`;
  const spaces = new Set<TestSpace>();
  return {
    client,
    imageRef,
    openSpace: (fence = {}) => {
      const space = makeSpace(client, imageRef, fence);
      spaces.add(space);
      return space;
    },
    close: async () => {
      for (const space of spaces) await space.close();
      await client.close();
      await registry.stop();
    },
  };
}

function makeSpace(client: KubeClient, imageRef: string, fence: Partial<SpaceFence>): TestSpace {
  const namespace = `conifer-test-${randomUUID().slice(0, 8)}`;
  const lines: LogLine[] = [];
  const placement: DynoPlacement = {
    namespace,
    imageRef: () => imageRef,
    user: { uid: 1000, gid: 1000 },
    nameservers: [],
    cpuMillisPerShare: 50,
    pullSecrets: [],
    diskBytes: 2 ** 30,
    nodes: {},
    lostNodeSeconds: 5,
  };
  return {
    namespace,
    placement,
    lines,
    log: (name) =>
      lines
        .filter((line) => name === undefined || line.process === name)
        .map((line) => `${line.source}[${line.process}]: ${line.message}`),
    startHost: (own = client, image = placement.imageRef, change = {}) =>
      startKubernetesDynoHost({
        client: own,
        placement: { ...placement, imageRef: image, ...change },
        fence: { routerRanges: ["0.0.0.0/0", "::/0"], ...fence },
        logs: { write: (line) => void lines.push(line) },
        logger: silentLogger,
        now: systemClock,
      }),
    close: async () => void (await client.remove({ kind: KIND.namespace }, namespace)),
  };
}

/** The part of a spec that runs a line of the image's shell. */
export function shell(line: string): Pick<DynoSpec, "image" | "command" | "displayCommand"> {
  return { image: "sha256:test", command: { kind: "shell", line }, displayCommand: line };
}

export const BEHAVIORS: Readonly<Record<DynoBehavior, ReturnType<typeof shell>>> = {
  serves: shell('exec httpd -f -p "$PORT"'),
  "never-listens": shell("exec sleep 60"),
  works: shell("exec sleep 60"),
  "exits-0": shell("exit 0"),
  "exits-3": shell("exit 3"),
  "ignores-term": shell('trap "" TERM; exec httpd -f -p "$PORT"'),
  echo: shell('while read -r line; do echo "got $line"; done; exit 5'),
};

interface TestImage {
  readonly digest: string;
  /** By digest: the manifest and the blobs. */
  readonly documents: ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;
}

const APPLETS = [
  "sh",
  "sleep",
  "httpd",
  "cat",
  "echo",
  "env",
  "kill",
  "ps",
  "stty",
  "printf",
  "dd",
  "seq",
  "nc",
  "wc",
];

/** One layer with busybox, the programs of which are static, so that nothing else is needed. */
async function makeTestImage(): Promise<TestImage> {
  const content = readFileSync("/bin/busybox");
  const folders = ["/bin", "/tmp", "/workspace"].map(
    (path) => ({ path, mode: path === "/tmp" ? 0o1777 : 0o755, kind: "directory" }) as const,
  );
  const links = APPLETS.map(
    (name) => ({ path: `/bin/${name}`, mode: 0o777, kind: "symlink", target: "busybox" }) as const,
  );
  const file = { path: "/bin/busybox", mode: 0o755, kind: "file", content, size: content.length } as const;
  const layer = Buffer.concat(
    await Array.fromAsync(packLayer([...folders, file, ...links], { uid: 1000, gid: 1000 })),
  );
  const diffId = digestOf(layer);
  const config = encodeDocument(MEDIA.config, {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Env: ["PATH=/bin"], WorkingDir: "/workspace" },
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const manifest = encodeDocument(
    MEDIA.manifest,
    makeManifest(config.descriptor, [{ mediaType: MEDIA.layer, digest: diffId, size: layer.length }]),
  );
  const documents = new Map([
    [manifest.descriptor.digest, { type: MEDIA.manifest as string, bytes: manifest.bytes }],
    [config.descriptor.digest, { type: "application/octet-stream", bytes: config.bytes }],
    [diffId, { type: "application/octet-stream", bytes: layer }],
  ]);
  return { digest: manifest.descriptor.digest, documents };
}

/** As much of a registry as a node needs to pull by digest. */
async function serveImage({ documents }: TestImage, listen: string): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [, digest] = /\/(?:manifests|blobs)\/(sha256:[0-9a-f]{64})(?:\?|$)/.exec(request.url ?? "") ?? [];
    const document = documents.get(digest ?? "");
    if (document) send(response, request.method === "HEAD", { ...document, digest: digest ?? "" });
    else response.writeHead(request.url === "/v2/" ? 200 : 404).end("{}");
  });
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  if (taken !== Number(port)) throw new Error(`the registry listens on ${taken} instead of ${port}`);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(
  response: ServerResponse,
  headOnly: boolean,
  document: { readonly type: string; readonly bytes: Buffer; readonly digest: string },
): void {
  response.writeHead(200, {
    "content-type": document.type,
    "content-length": document.bytes.length,
    "docker-content-digest": document.digest,
  });
  response.end(headOnly ? undefined : document.bytes);
}
