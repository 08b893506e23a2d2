import { describe, expect, test } from "vitest";
import { installation, LARGE } from "./installation-fixtures.ts";
import { INSTALLATION_LABEL, type Installation, type Manifest, ROLE_LABEL } from "./installation-names.ts";
import { makeInstallation } from "./make-installation.ts";
import { manifestYaml } from "./manifest-yaml.ts";
import { ROLE, ROLES, type Role } from "./role-table.ts";

const all = (one: Installation) => makeInstallation(one).flatMap(({ objects }) => objects);
const small = installation();
const large = installation(LARGE, "platform");

/** Pod templates by role. */
function templates(one: Installation) {
  const workloads = all(one).filter(({ kind }) => /^(?:Deployment|StatefulSet|DaemonSet)$/.test(kind));
  return workloads.map((object) => ({
    role: object.metadata.labels?.[ROLE_LABEL] as Role,
    object,
    template: (object.spec as { template: Template }).template,
  }));
}

interface Template {
  readonly metadata: {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken: boolean;
    readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
    readonly securityContext: Record<string, unknown>;
    readonly containers: readonly {
      readonly command: readonly string[];
      readonly securityContext: Record<string, unknown>;
      readonly env: readonly { readonly name: string }[];
      readonly volumeMounts: readonly { readonly name: string }[];
      readonly ports: readonly { readonly containerPort: number }[];
    }[];
  };
}

describe("golden files", () => {
  test("an installation as it is by default", async () => {
    await expect(manifestYaml(all(small))).toMatchFileSnapshot("golden/default.yaml");
  });

  test("one that uses what the default leaves out", async () => {
    await expect(manifestYaml(all(large))).toMatchFileSnapshot("golden/large.yaml");
  });

  test("the same values always give the same text", () => {
    expect(manifestYaml(all(installation(LARGE, "platform")))).toBe(manifestYaml(all(large)));
  });
});

test("the address of what is one pod stays known while that pod starts again or its node is silent, and of nothing else", () => {
  const services = all(small).filter(({ kind }) => kind === "Service");
  const known = services.filter(({ spec }) => (spec as Record<string, unknown>).publishNotReadyAddresses);
  expect(known.map(({ metadata }) => metadata.name).sort()).toEqual([
    "conifer-database",
    "conifer-files",
    "conifer-images",
    "conifer-logs",
    "conifer-registry",
  ]);
});

describe.each([
  ["default", small],
  ["large", large],
])("every object of the %s installation", (_name, one) => {
  test("carries the installation's label, and is there once", () => {
    const objects = all(one);
    for (const { metadata } of objects) expect(metadata.labels?.[INSTALLATION_LABEL]).toBe(one.namespace);
    const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("holds no secret", () => {
    expect(JSON.stringify(all(one))).not.toContain("secret@db");
    expect(all(one).filter(({ kind }) => kind === "Secret")).toEqual([]);
  });

  test("lives in a namespace that was made before", () => {
    const made = all(one).filter(({ kind }) => kind === "Namespace");
    const names = made.map(({ metadata }) => metadata.name);
    for (const { metadata } of all(one)) {
      if (metadata.namespace) expect(names).toContain(metadata.namespace);
    }
    expect(makeInstallation(one)[0]?.objects.slice(0, made.length)).toEqual(made);
  });

  test("finds what its pods read in its own namespace", () => {
    const maps = all(one).filter(({ kind }) => kind === "ConfigMap");
    const places = maps.map(({ metadata }) => metadata.namespace);
    for (const { object } of templates(one)) expect(places).toContain(object.metadata.namespace);
  });

  test("no right holds for the whole cluster", () => {
    expect(all(one).filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
  });
});

describe("pods", () => {
  test.each(templates(large))("of $role run as Pod Security restricted wants it", ({ role, template }) => {
    const { spec } = template;
    expect(spec.securityContext).toMatchObject({
      // What a node's containers wrote is root's; see the agent's user.
      runAsNonRoot: role !== "agent",
      runAsUser: role === "agent" ? 0 : 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { securityContext, command } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(command).toEqual(["/conifer/bin/role", role]);
    }
    const onNode = spec.volumes.filter(({ hostPath }) => hostPath).map(({ hostPath }) => hostPath?.path);
    expect(onNode).toEqual(
      role === "agent" ? ["/var/lib/conifer/agent", "/var/log/pods", "/sys/fs/cgroup"] : [],
    );
  });

  test.each(templates(small))("of $role find their settings and keys in their own namespace", (one) => {
    const { namespace } = one.object.metadata;
    const isThere = (kind: string, name: string) =>
      all(small).some(
        (each) => each.kind === kind && each.metadata.name === name && each.metadata.namespace === namespace,
      );
    expect(isThere("ConfigMap", "conifer-settings")).toBe(true);
    expect(isThere("ServiceAccount", `conifer-${one.role}`)).toBe(ROLE[one.role].account);
  });

  test("of the agent are on every node, wherever the roles are", () => {
    const { spec } = templates(large).find(({ role }) => role === "agent")?.template ?? {};
    expect(spec).toMatchObject({ tolerations: [{ operator: "Exists" }] });
    expect(spec).not.toHaveProperty("nodeSelector");
  });

  test.each(templates(small))(
    "of $role leave a lost node soon if they keep nothing",
    ({ role, template }) => {
      const lost = ["not-ready", "unreachable"].map((what) => ({
        ...{ key: `node.kubernetes.io/${what}`, operator: "Exists" },
        ...{ effect: "NoExecute", tolerationSeconds: 5 },
      }));
      const { tolerations = [] } = template.spec as { readonly tolerations?: readonly unknown[] };
      const leaves = ["api", "worker", "router"].includes(role);
      expect(tolerations).toEqual(leaves ? lost : role === "agent" ? [{ operator: "Exists" }] : []);
    },
  );

  test.each(templates(small))("of $role get a token only if it calls the cluster", ({ role, template }) => {
    expect(template.spec.automountServiceAccountToken).toBe(ROLE[role].account);
    expect(template.spec.serviceAccountName).toBe(ROLE[role].account ? `conifer-${role}` : "default");
  });

  test.each(templates(small))(
    "of $role are told of the database only if they need it",
    ({ role, template }) => {
      const names = template.spec.containers[0]?.env.map(({ name }) => name) ?? [];
      expect(names.includes("DATABASE_URL")).toBe(["api", "worker", "files"].includes(role));
      expect(names.includes("CONIFER_DATABASE_PASSWORD")).toBe(role === "database");
      expect(names.includes("CONIFER_ADMIN_PASSWORD")).toBe(role === "api");
    },
  );

  test.each(templates(large))(
    "of $role know the token of scrapers from a Secret, or none",
    ({ template }) => {
      expect(template.spec.containers[0]?.env).toContainEqual({
        name: "CONIFER_METRICS_TOKEN",
        valueFrom: { secretKeyRef: { name: "conifer-metrics", key: "token", optional: true } },
      });
    },
  );

  test("no object holds the token of scrapers, and all pods are started anew with another", () => {
    const marks = (one: Installation) =>
      templates(one).map(({ template }) => template.metadata.annotations["conifer.dev/settings"]);
    const told = ["scrapers-first-token", "scrapers-other-token"].flatMap((token) => [
      installation({ "metrics.token": token }),
      installation({ settings: { CONIFER_METRICS_TOKEN: token } }),
    ]);
    for (const one of told) expect(manifestYaml(all(one))).not.toMatch(/scrapers-\w+-token/);
    const [value, setting, other] = told.map(marks);
    expect(setting).toEqual(value);
    expect(other?.[0]).not.toBe(value?.[0]);
    expect(value?.[0]).not.toBe(marks(small)[0]);
  });

  test.each(templates(large))(
    "of $role have a home, a folder for drafts, and every mount a volume",
    (one) => {
      const { object, template } = one;
      const claims = (object.spec as { volumeClaimTemplates?: { metadata: { name: string } }[] })
        .volumeClaimTemplates;
      const volumes = [
        ...template.spec.volumes.map(({ name }) => name),
        ...(claims ?? []).map(({ metadata }) => metadata.name),
      ];
      const mounts = template.spec.containers[0]?.volumeMounts.map(({ name }) => name) ?? [];
      expect(mounts).toEqual(expect.arrayContaining(["home", "tmp"]));
      expect(mounts.toSorted()).toEqual(volumes.toSorted());
    },
  );

  test("are started anew when a setting changes, and only then", () => {
    const marks = (one: Installation) =>
      templates(one).map(({ template }) => template.metadata.annotations["conifer.dev/settings"]);
    expect(new Set(marks(small)).size).toBe(1);
    expect(marks(installation({ domain: "other.example" }))).not.toEqual(marks(small));
    expect(marks(installation({ "api.replicas": 4 }))).toEqual(marks(small));
  });

  test("other images to build with are told to workers and to who plans rebases, and no other pod is started anew", () => {
    const before = templates(small);
    const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
    const images = { runImage: `conifer/run@${digest("a")}`, builderImage: `conifer/builder@${digest("b")}` };
    const changed = templates(installation(images)).filter(
      (one, at) => manifestYaml([one.template as never]) !== manifestYaml([before[at]?.template as never]),
    );
    const told = (wanted: string) =>
      changed.find(({ role }) => role === wanted)?.template.spec.containers[0]?.env;
    const runImage = { name: "CONIFER_RUN_IMAGE", value: images.runImage };
    expect(changed.map(({ role }) => role).sort()).toEqual(["api", "worker"]);
    expect(told("api")).toContainEqual(runImage);
    expect(told("worker")).toEqual(
      expect.arrayContaining([runImage, { name: "CONIFER_BUILDER_IMAGE", value: images.builderImage }]),
    );
  });
});

describe("stages", () => {
  test("stores are there before what uses them", () => {
    expect(makeInstallation(small).map(({ name, roles }) => [name, roles])).toEqual([
      ["namespaces", []],
      ["ground", []],
      ["database", ["database"]],
      ["stores", ["files", "registry", "logs"]],
      ["control", ["api", "worker"]],
      ["edge", ["router", "agent"]],
    ]);
  });

  test("every role is started once, unless the values leave it out", () => {
    const started = (one: Installation) => makeInstallation(one).flatMap(({ roles }) => roles);
    expect(started(small).toSorted()).toEqual(ROLES.toSorted());
    expect(started(installation({ "agent.enabled": false }))).not.toContain("agent");
    expect(started(large).toSorted()).toEqual(ROLES.filter((role) => role !== "database").toSorted());
  });
});

describe("what may be taken away at once", () => {
  const budgets = (one: Installation) =>
    all(one)
      .filter(({ kind }: Manifest) => kind === "PodDisruptionBudget")
      .map(({ metadata }) => metadata.name);

  test("is one pod of a role that has several", () => {
    expect(budgets(small)).toEqual(["conifer-api", "conifer-worker", "conifer-router"]);
    expect(budgets(large)).toEqual(["conifer-registry", "conifer-api"]);
  });
});

describe("a registry whose images are in a bucket", () => {
  const registry = (one: Installation) => {
    const found = all(one).find(
      ({ kind, metadata }) =>
        /^(?:StatefulSet|Deployment)$/.test(kind) && metadata.name === "conifer-registry",
    );
    return JSON.stringify(found);
  };

  test("has no volume, and its credentials as files of the Secret that is named", () => {
    expect(registry(small)).toContain("volumeClaimTemplates");
    expect(registry(small)).not.toContain("CONIFER_REGISTRY_STORAGE");
    expect(registry(large)).not.toContain("volumeClaimTemplates");
    expect(registry(large)).toContain('"secretName":"bucket-key"');
    expect(registry(large)).toContain('{"name":"CONIFER_S3_CREDENTIALS","value":"/etc/conifer/s3"}');
  });

  test("is the only role that is told of it", () => {
    for (const { role, template } of templates(large))
      expect([role, JSON.stringify(template).includes("CONIFER_REGISTRY_STORAGE")]).toEqual([
        role,
        role === "registry",
      ]);
  });
});

describe("the operator's certificates", () => {
  test.each(templates(large))("are where $role looks for them, but for the agent", ({ role, template }) => {
    const { spec } = template;
    const mounted = JSON.stringify(spec).includes('"name":"trust","mountPath":"/etc/conifer/trust"');
    expect(mounted).toBe(role !== "agent");
  });

  test("are nowhere when there are none", () => {
    expect(manifestYaml(all(small))).not.toContain("conifer-trust");
  });
});
