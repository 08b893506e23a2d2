import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collect, never, specOf } from "../../platform/src/delivery/build/builder-suite.ts";
import { KIND, objectPath, type Pod } from "../../platform/src/drivers/kubernetes/client/index.ts";
import { pause, type Running } from "../../platform/src/kernel/index.ts";
import { type ClusterBuildBench, openClusterBuildBench } from "./cluster-builds-fixtures.ts";
import { deriveImage, serveLayouts } from "./foreign-images-fixtures.ts";
import { makeBuilderImage } from "./make-builder-image.ts";
import { makeRunImage } from "./make-run-image.ts";

/** Builds as pods in a builder image of somebody else's: another user, another stack, in a registry with a password. */

const BUILD = `#!/bin/sh
set -e
echo "built by $(id -u):$(id -g) with $CNB_STACK_ID; $(ls /cnb/conifer /conifer /layouts /cache 2>&1 | grep -c 'annot access') hidden"
env | grep -i -e registry_auth -e password -e s3cret || echo "no credential"
cached="$CNB_LAYERS_DIR/kept"
echo "kept: $(cat "$cached/file" 2>/dev/null || echo nothing)"
mkdir -p "$cached"
echo "from before" > "$cached/file"
printf '[types]\\ncache = true\\n' > "$cached.toml"
cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["sh", "-c", "id -u; cat page; echo; sleep 600"]
default = true
TOML
`;
const METADATA = {
  buildpacks: [{ id: "acme/do", version: "2.1" }],
  stack: { runImage: { image: "acme.test/acme/run:1" } },
  lifecycle: { version: "9.8.7", apis: { platform: { supported: ["0.13", "0.14"] } } },
};
const FILES = {
  "/cnb/.wh.conifer": "",
  "/cnb/order.toml": '[[order]]\n[[order.group]]\nid = "acme/do"\nversion = "2.1"\n',
  "/cnb/run.toml": '[[images]]\nimage = "acme.test/acme/run:1"\n',
  "/cnb/buildpacks/acme_do/2.1/buildpack.toml":
    'api = "0.12"\n[buildpack]\nid = "acme/do"\nversion = "2.1"\n',
  "/cnb/buildpacks/acme_do/2.1/bin/detect": "#!/bin/sh\n[ -f page ] || exit 100\n",
  "/cnb/buildpacks/acme_do/2.1/bin/build": BUILD,
};
const LOGIN = { username: "operator", password: "s3cret" };
const PROJECT = '[_]\nschema-version = "0.2"\n[io.buildpacks]\nbuilder = "acme.test/acme/builder:1"\n';

let bench: ClusterBuildBench;
let folder: string;
let registry: Awaited<ReturnType<typeof serveLayouts>>;
const running: Running[] = [];

beforeAll(async () => {
  bench = await openClusterBuildBench();
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer/images");
  // In the cache's file system: the layouts share their files with those there.
  folder = mkdtempSync(join(tmpdir(), "foreign-builds-"));
  await deriveImage((await makeBuilderImage(cache, () => {})).folder, join(folder, "builder"), {
    files: FILES,
    config: (own) => ({
      ...own,
      User: "1234:4321",
      Env: ["PATH=/cnb/node/bin:/usr/bin:/bin", "CNB_USER_ID=1234", "CNB_GROUP_ID=4321", "CNB_STACK_ID=acme"],
      Labels: { "io.buildpacks.builder.metadata": JSON.stringify(METADATA) },
    }),
  });
  await deriveImage((await makeRunImage(cache, () => {})).folder, join(folder, "run"), {
    files: {},
    config: (own) => ({ ...own, User: "1235:4321" }),
  });
  const layouts = { "acme/builder:1": join(folder, "builder"), "acme/run:1": join(folder, "run") };
  registry = await serveLayouts(layouts, LOGIN);
}, 600_000);
afterAll(async () => {
  for (const one of running.splice(0)) await one.stop();
  await registry?.stop();
  await bench?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

it("a source is built in the builder it names, and runs on that builder's run image without its registry", async () => {
  const credentials = join(folder, "auth.json");
  writeFileSync(credentials, JSON.stringify({ auths: { [`${registry.host}/acme`]: LOGIN } }));
  const started = await bench.start({
    config: {
      ...bench.config,
      pullRegistries: [{ host: "acme.test", url: `http://${registry.host}` }],
      pullCredentials: credentials,
    },
  });
  running.push(started);
  const run = async (page: string, previousImage?: string) => {
    const source = await bench.addSource({ page, "project.toml": PROJECT });
    const more = previousImage ? { previousImage } : {};
    const { text, results } = await collect(
      started.builder.build(specOf(source, { appId: "foreign-app", ...more }), never()),
    );
    const [result] = results;
    if (result?.kind !== "succeeded") throw new Error(`${text}${JSON.stringify(result)}`);
    return { text, image: result.image };
  };

  const first = await run("one");
  expect(first.text).toContain("-----> Pulling builder acme.test/acme/builder:1");
  expect(first.text).toContain("built by 1234:4321 with acme; 4 hidden\nno credential\nkept: nothing\n");
  expect(first.text).not.toContain(LOGIN.password);
  expect(first.image).toMatchObject({
    runImage: { name: "acme.test/acme/run:1" },
    buildpacks: [{ id: "acme/do", version: "2.1" }],
    user: { uid: 1235, gid: 4321 },
  });

  const second = await run("two", first.image.digest);
  expect(second.text).not.toContain("Pulling");
  expect(second.text).toContain("kept: from before\n");

  // The operator's user is shown where it is asked for, and nowhere before.
  expect(registry.refused()).toBeGreaterThan(0);
  await registry.stop();
  expect(await outputOf(second.image.digest, second.image.user)).toBe("1235\ntwo\n");
  const pods = await bench.client.list<Pod>({ kind: KIND.pod, namespace: bench.namespace }, {});
  expect(JSON.stringify(pods)).not.toContain(LOGIN.password);
}, 300_000);

/** What the image's web process says in a pod as a dyno's; a node keeps back a line without its end. */
async function outputOf(digest: string, user: { uid: number; gid: number } | undefined): Promise<string> {
  const { client, namespace } = bench;
  await client.create({
    ...KIND.pod,
    metadata: { name: "app", namespace },
    ...{
      spec: {
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        imagePullSecrets: [{ name: "conifer-registry" }],
        securityContext: {
          ...{ runAsNonRoot: true, runAsUser: user?.uid, runAsGroup: user?.gid },
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "app",
            image: `${process.env.CONIFER_CLUSTER_REGISTRY}/common/foreign-app@${digest}`,
            command: ["/cnb/process/web"],
            resources: { requests: { memory: "64Mi" }, limits: { memory: "256Mi" } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  } as Pod);
  for (;;) {
    const path = `${objectPath(KIND.pod, { namespace, name: "app" })}/log`;
    const text = await client.stream(path, {}, AbortSignal.timeout(10_000)).then(readAll, () => "");
    if (text.includes("two\n")) return text;
    await pause(200, never());
  }
}
