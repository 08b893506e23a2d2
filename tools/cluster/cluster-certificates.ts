import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterFolders } from "./cluster-folders.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { ENFORCER, ENFORCER_USER } from "./policy-enforcer.ts";
import { encryptionFile } from "./program-commands.ts";
import { runProgram } from "./run-program.ts";
import { writeWhole } from "./write-whole.ts";

/** One certificate to make, as the Go program `make-certificates` reads it. */
interface CertificateOrder {
  readonly name: string;
  /** The name of the authority that signs it; without one it is an authority. */
  readonly issuer?: string;
  readonly commonName: string;
  /** Groups, to the API server. */
  readonly organizations?: readonly string[];
  readonly hosts?: readonly string[];
}

/** Who has a kubeconfig: the certificate's name, and where it leads. */
const CLIENTS = ["admin", "kube-controller-manager", "kube-scheduler", "kube-proxy", ENFORCER] as const;

/** Every certificate of a cluster. Names and groups are those that Kubernetes' built-in roles are bound to. */
export function certificateOrders(plan: ClusterPlan): CertificateOrder[] {
  const issuer = "ca";
  const client = (name: string, commonName: string, ...organizations: string[]) => ({
    name,
    issuer,
    commonName,
    organizations,
  });
  const api = "kubernetes.default.svc.cluster.local".split(".");
  const first = plan.members[0]?.address;
  const addresses = [first?.v4, first?.v6, plan.apiService.v4, plan.apiService.v6, "127.0.0.1", "::1"];
  return [
    { name: "ca", commonName: `conifer-${plan.name}` },
    {
      name: "kube-apiserver",
      issuer,
      commonName: "kube-apiserver",
      hosts: [
        "localhost",
        ...[1, 2, 3, 5].map((parts) => api.slice(0, parts).join(".")),
        ...addresses.filter((one) => one !== undefined),
      ],
    },
    client("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
    { name: "front-ca", commonName: `conifer-${plan.name}-front` },
    { name: "front-proxy", issuer: "front-ca", commonName: "front-proxy" },
    client("admin", "admin", "system:masters"),
    client("kube-controller-manager", "system:kube-controller-manager"),
    client("kube-scheduler", "system:kube-scheduler"),
    client("kube-proxy", "system:kube-proxy"),
    client(ENFORCER, ENFORCER_USER),
    ...plan.members.map(({ name, address }) => ({
      ...client(name, `system:node:${name}`, "system:nodes"),
      hosts: [name, address.v4, address.v6],
    })),
  ];
}

/** A kubeconfig for one client; certificates and key stand in it, so the file can be taken elsewhere. */
export function makeKubeconfig(
  plan: ClusterPlan,
  user: string,
  files: { readonly ca: string; readonly certificate: string; readonly key: string },
): string {
  const data = (text: string) => Buffer.from(text).toString("base64");
  const name = `conifer-${plan.name}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: plan.server, "certificate-authority-data": data(files.ca) } }],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": data(files.certificate),
          "client-key-data": data(files.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Makes what is missing of a cluster's certificates, kubeconfigs and its key for Secrets; what is there stays. */
export async function makeCredentials(
  plan: ClusterPlan,
  folders: ClusterFolders,
  programs: string,
): Promise<void> {
  const order = {
    folder: folders.certificates,
    certificates: certificateOrders(plan),
    keys: ["service-accounts"],
  };
  await runProgram(join(programs, "make-certificates"), [], { input: JSON.stringify(order) });
  const read = (name: string) => readFile(join(folders.certificates, name), "utf8");
  const ca = await read("ca.crt");
  for (const name of [...CLIENTS, ...plan.members.map((one) => one.name)]) {
    const files = { ca, certificate: await read(`${name}.crt`), key: await read(`${name}.key`) };
    const path = name === "admin" ? folders.kubeconfig : join(folders.certificates, `${name}.kubeconfig`);
    await writeWhole(path, makeKubeconfig(plan, name, files), 0o600);
  }
  const sealing = encryptionFile(folders);
  if (!existsSync(sealing)) {
    await writeWhole(sealing, encryptionConfig(randomBytes(32).toString("base64")), 0o600);
  }
}

/** Secrets are sealed before they reach etcd. The last provider reads what was written without a key. */
export function encryptionConfig(key: string): string {
  const config = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ secretbox: { keys: [{ name: "key1", secret: key }] } }, { identity: {} }],
      },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
