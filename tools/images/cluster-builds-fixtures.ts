import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { type ClusterBuildsParts, startClusterBuilds } from "../../platform/src/compose/cluster-builds.ts";
import { readConfig } from "../../platform/src/compose/config.ts";
import { ensureMasterKey } from "../../platform/src/compose/master-key.ts";
import { startRegistryProcess } from "../../platform/src/compose/registry-process.ts";
import { makeHomeFolders } from "../../platform/src/compose/supervisor-home.ts";
import { openFileSourceStore } from "../../platform/src/drivers/embedded/sources/index.ts";
import { removeTree } from "../../platform/src/drivers/files/trees/index.ts";
import {
  KIND,
  type KubeClient,
  makeKubeClient,
  openKubeAccess,
} from "../../platform/src/drivers/kubernetes/client/index.ts";
import { silentLogger } from "../../platform/src/kernel/index.ts";
import { deriveImage } from "./foreign-images-fixtures.ts";
import { makeBuilderImage } from "./make-builder-image.ts";
import { makeRunImage } from "./make-run-image.ts";

/** A registry that the cluster's nodes and pods reach, and builders on it in a namespace of their own. */
export interface ClusterBuildBench {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Where Dockerfiles are built. */
  readonly dockerfileNamespace: string;
  readonly config: ClusterBuildsParts["config"];
  /** Stores a source of these files and returns its digest. */
  addSource(files: Readonly<Record<string, string | Buffer>>): Promise<string>;
  /** Another Conifer process on the same namespace. */
  start(more?: Partial<ClusterBuildsParts>): ReturnType<typeof startClusterBuilds>;
  close(): Promise<void>;
}

/** Takes sources with a file `do`, a shell script, runs it, and makes a web process that shows `page`. */
const TEST_BUILDPACK: Readonly<Record<string, string>> = {
  "buildpack.toml": 'api = "0.12"\n[buildpack]\nid = "test/do"\nversion = "1.0.0"\n',
  "bin/detect": '#!/bin/sh\n[ -f do ] || { echo "looked for a file named do"; exit 100; }\n',
  "bin/build": `#!/bin/sh
set -e
echo begun
. ./do
cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["cat", "page"]
default = true
TOML
`,
};
const TEST_ORDER = '[[order]]\n[[order.group]]\nid = "test/do"\nversion = "1.0.0"\n';

/** The cluster is the one that KUBECONFIG names; see `openTestCluster` for the variables. */
export async function openClusterBuildBench(): Promise<ClusterBuildBench> {
  const { KUBECONFIG, CONIFER_CLUSTER_REGISTRY, CONIFER_CLUSTER_REGISTRY_LISTEN } = process.env;
  if (!KUBECONFIG || !CONIFER_CLUSTER_REGISTRY)
    throw new Error("These tests need a Kubernetes cluster. Run them with `npm run test:kubernetes`.");
  const client = makeKubeClient(await openKubeAccess(KUBECONFIG));
  const home = mkdtempSync(join(tmpdir(), "cluster-builds-"));
  const namespace = `conifer-test-${randomUUID().slice(0, 8)}`;
  const [address = "", port = ""] = (CONIFER_CLUSTER_REGISTRY_LISTEN ?? CONIFER_CLUSTER_REGISTRY).split(":");
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer/images");
  const builder = await makeBuilderImage(cache, () => {});
  const testBuilder = join(home, "builder");
  await addTestBuildpack(builder.folder, testBuilder);
  const config = readConfig({
    CONIFER_HOME: home,
    CONIFER_REGISTRY: "on",
    CONIFER_REGISTRY_LISTEN: address,
    CONIFER_REGISTRY_PORT: port,
    CONIFER_REGISTRY_ADDRESS: CONIFER_CLUSTER_REGISTRY,
    CONIFER_RUN_IMAGE: (await makeRunImage(cache, () => {})).folder,
    CONIFER_BUILDER_IMAGE: testBuilder,
    CONIFER_BUILD_NAMESPACE: namespace,
    CONIFER_DOCKERFILE_NAMESPACE: `${namespace}-boxes`,
    KUBECONFIG,
  });
  makeHomeFolders(config.home);
  const masterKey = ensureMasterKey(config.home);
  const registry = await startRegistryProcess(config, silentLogger);
  const sources = await openFileSourceStore({ folder: config.home.sources });
  return {
    ...{ client, namespace, config, dockerfileNamespace: `${namespace}-boxes` },
    addSource: async (files) => (await sources.write(tarOf(files))).digest,
    start: (more = {}) =>
      startClusterBuilds({
        ...{ config, client, sources, masterKey, hostEnv: {} },
        logger: silentLogger,
        ...more,
      }),
    close: async () => {
      for (const name of [namespace, `${namespace}-boxes`])
        await client.remove({ kind: KIND.namespace }, name);
      await client.close();
      await registry.stop();
      await removeTree(home);
    },
  };
}

function tarOf(files: Readonly<Record<string, string | Buffer>>): Readable {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  return Readable.from(tar as unknown as AsyncIterable<Buffer>);
}

/** The builder image with another buildpack, in a layout of its own that shares the files. */
async function addTestBuildpack(from: string, to: string): Promise<void> {
  const folder = "/cnb/buildpacks/test_do/1.0.0";
  const files = Object.entries(TEST_BUILDPACK).map(([path, text]) => [`${folder}/${path}`, text] as const);
  await deriveImage(from, to, {
    files: { ...Object.fromEntries(files), "/cnb/order.toml": TEST_ORDER },
    config: (own) => own,
  });
}
