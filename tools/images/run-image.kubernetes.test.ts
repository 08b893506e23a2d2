import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../../platform/src/compose/config.ts";
import { startHostBuilds } from "../../platform/src/compose/host-builds.ts";
import { openHostImages } from "../../platform/src/compose/host-images.ts";
import { readHostRelease } from "../../platform/src/compose/host-release.ts";
import { ensureMasterKey } from "../../platform/src/compose/master-key.ts";
import { startRegistryProcess } from "../../platform/src/compose/registry-process.ts";
import { makeHomeFolders } from "../../platform/src/compose/supervisor-home.ts";
import { collect, never, specOf } from "../../platform/src/delivery/build/builder-suite.ts";
import type { ImageInfo } from "../../platform/src/delivery/image/image.ts";
import {
  dockerConfigJson,
  issuePullCredential,
  registryKeys,
} from "../../platform/src/delivery/registry/index.ts";
import { takeRunImage } from "../../platform/src/drivers/embedded/builds/index.ts";
import { openSandboxes, removeTree } from "../../platform/src/drivers/embedded/sandbox/index.ts";
import { openFileSourceStore } from "../../platform/src/drivers/embedded/sources/index.ts";
import {
  KIND,
  type KubeClient,
  makeKubeClient,
  openKubeAccess,
  type Pod,
} from "../../platform/src/drivers/kubernetes/client/index.ts";
import { pause, type Running, silentLogger } from "../../platform/src/kernel/index.ts";
import { makeRunImage } from "./make-run-image.ts";

/** An app of the examples, built here on the run image, pulled from the registry and run in pods. */

const PORT = 8000;
const namespace = `conifer-test-${randomUUID().slice(0, 8)}`;
const running: Running[] = [];
let home: string;
let client: KubeClient;
let image: ImageInfo;
let reference: string;

beforeAll(async () => {
  const { KUBECONFIG, CONIFER_CLUSTER_REGISTRY, CONIFER_CLUSTER_REGISTRY_LISTEN } = process.env;
  if (!KUBECONFIG || !CONIFER_CLUSTER_REGISTRY)
    throw new Error("These tests need a Kubernetes cluster. Run them with `npm run test:kubernetes`.");
  client = makeKubeClient(await openKubeAccess(KUBECONFIG));
  const [address = "", port = ""] = (CONIFER_CLUSTER_REGISTRY_LISTEN ?? CONIFER_CLUSTER_REGISTRY).split(":");
  home = mkdtempSync(join(tmpdir(), "on-run-image-"));
  const config = readConfig({
    CONIFER_HOME: home,
    CONIFER_REGISTRY: "on",
    CONIFER_REGISTRY_LISTEN: address,
    CONIFER_REGISTRY_PORT: port,
  });
  makeHomeFolders(config.home);
  const keys = registryKeys(ensureMasterKey(config.home));
  running.push(await startRegistryProcess(config, silentLogger));
  const sandboxes = await openSandboxes({
    home,
    directory: join(config.home.dynos, ".shared"),
    caBundle: undefined,
  });
  running.push(sandboxes);
  const images = await openHostImages(config);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer/images");
  const { folder } = await makeRunImage(cache, () => {});
  const runImage = await takeRunImage(folder, images, readHostRelease());
  const builds = await startHostBuilds({
    ...{ config, sandboxes, images, release: readHostRelease(), runImage, logger: silentLogger },
  });
  running.push(builds);
  const sources = await openFileSourceStore({ folder: config.home.sources });
  const spec = specOf((await sources.write(tarOfExample("echo-node"))).digest, { timeoutSeconds: 240 });
  const { text, results } = await collect(builds.builder.build(spec, never()));
  if (results[0]?.kind !== "succeeded") throw new Error(text);
  image = results[0].image;
  reference = `${CONIFER_CLUSTER_REGISTRY}/common/${spec.appId}@${image.digest}`;
  const credential = issuePullCredential("common", new Date(), keys);
  await client.create({
    ...KIND.namespace,
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const secret = Buffer.from(dockerConfigJson(credential, [CONIFER_CLUSTER_REGISTRY])).toString("base64");
  await client.create({
    ...KIND.secret,
    metadata: { name: "pull", namespace },
    ...{ type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": secret } },
  });
}, 400_000);

afterAll(async () => {
  await client?.remove({ kind: KIND.namespace }, namespace);
  await client?.close();
  for (const one of running.reverse()) await one.stop();
  if (home) await removeTree(home);
});

function tarOfExample(name: string): Readable {
  const folder = join(import.meta.dirname, "../../examples", name);
  const tar = pack();
  for (const file of readdirSync(folder)) tar.entry({ name: file }, readFileSync(join(folder, file)));
  tar.finalize();
  return Readable.from(tar as unknown as AsyncIterable<Buffer>);
}

type PodSeen = Pod & { readonly status?: { readonly phase?: string; readonly podIP?: string } };

/** A pod of the app's image as a dyno's: the app's user, and no privilege. */
async function startPod(name: string, command: readonly string[]): Promise<void> {
  await client.create({
    ...KIND.pod,
    metadata: { name, namespace },
    ...{
      spec: {
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        imagePullSecrets: [{ name: "pull" }],
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "dyno",
            image: reference,
            command,
            env: [{ name: "PORT", value: String(PORT) }],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            readinessProbe: {
              exec: { command: ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${PORT}`] },
              periodSeconds: 1,
            },
          },
        ],
      },
    },
  });
}

/** Waits until a pod is as wanted, and fails with all of its status when it never is. */
async function seePod(name: string, wanted: (pod: PodSeen) => boolean): Promise<PodSeen> {
  const end = Date.now() + 90_000;
  for (;;) {
    const pod = await client.get<PodSeen>({ kind: KIND.pod, namespace }, name);
    if (wanted(pod)) return pod;
    if (Date.now() > end || pod.status?.phase === "Failed") throw new Error(JSON.stringify(pod.status));
    await pause(200);
  }
}

describe("an app that was built on the run image", () => {
  test("stands on its layers", () => {
    expect(image.runImage.name).toMatch(/^conifer\/run:(?:debian|ubuntu)-/);
    expect(image.runImage.topLayer).toMatch(/^sha256:/);
  });

  test("serves from a pod", async () => {
    await startPod("web", ["/cnb/process/web"]);
    const isReady = ({ status }: PodSeen) => status?.containerStatuses?.[0]?.ready === true;
    const { status } = await seePod("web", isReady);
    const answer = await fetch(`http://${status?.podIP}:${PORT}/here`);
    expect(await answer.json()).toMatchObject({ method: "GET", path: "/here", greeting: "hello" });
  });

  test("finds its user, its home, the base's programs and its own in a one-off pod", async () => {
    const checks = [
      'test "$(id -un):$HOME:$PWD" = dyno:/home/dyno:/workspace',
      "touch ~/file /tmp/file",
      "python3 -c \"import ssl; assert ssl.create_default_context().cert_store_stats()['x509_ca'] > 100\"",
      "git init --quiet /tmp/repository",
      "launcher node --version",
      "! touch /etc/file 2>/dev/null",
    ];
    await startPod("run", ["bash", "-euxc", checks.join("\n")]);
    expect((await seePod("run", ({ status }) => status?.phase === "Succeeded")).status?.phase).toBe(
      "Succeeded",
    );
  });
});
