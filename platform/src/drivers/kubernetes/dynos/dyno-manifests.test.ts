import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANNOTATION, LABEL } from "./dyno-labels.ts";
import {
  digestOfData,
  dynoPort,
  escapeExpansion,
  makeDynoSecret,
  makeDynoSet,
  makeOneOffPod,
  quantity,
  readDynoBody,
} from "./dyno-manifests.ts";
import { APP_ID, DYNO_ID, placement, spec } from "./pod-fixtures.ts";

interface PodShape {
  readonly [field: string]: unknown;
  readonly containers: readonly Record<string, unknown>[];
}

const template = (set: ReturnType<typeof makeDynoSet>) =>
  (set.spec as unknown as { template: { metadata: unknown; spec: PodShape } }).template;

const secretOf = (change: Parameters<typeof spec>[0] = {}) =>
  makeDynoSecret(spec(change), { namespace: "conifer-apps", part: "formation", claim: 9 });

const bodyOf = (change: Parameters<typeof spec>[0] = {}) => {
  const body = readDynoBody(secretOf(change));
  if (!body) throw new Error("no body");
  return body;
};

const LABELS = {
  "app.kubernetes.io/managed-by": "conifer",
  "conifer.dev/app": APP_ID,
  "conifer.dev/dyno": DYNO_ID,
  "conifer.dev/part": "formation",
  "conifer.dev/type": "web",
  "conifer.dev/name": "web.1",
  "conifer.dev/release": "v3",
};

/** What the node would say of the API server. */
const NOTHING = {
  KUBERNETES_SERVICE_HOST: "",
  KUBERNETES_SERVICE_PORT: "",
  KUBERNETES_SERVICE_PORT_HTTPS: "",
  KUBERNETES_PORT: "",
  KUBERNETES_PORT_443_TCP: "",
  KUBERNETES_PORT_443_TCP_ADDR: "",
  KUBERNETES_PORT_443_TCP_PORT: "",
  KUBERNETES_PORT_443_TCP_PROTO: "",
};

describe("a dyno's Secret", () => {
  test("hides where the API server is, unless the app says it itself", () => {
    const { data } = secretOf({ env: { KUBERNETES_SERVICE_HOST: "mine" } });
    expect(data).toEqual({ ...NOTHING, KUBERNETES_SERVICE_HOST: Buffer.from("mine").toString("base64") });
  });

  test("holds the config vars and how the dyno is run", () => {
    const secret = secretOf();
    expect(secret).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: `dyno-${DYNO_ID}`,
        namespace: "conifer-apps",
        labels: LABELS,
        annotations: { [ANNOTATION.spec]: expect.any(String), [ANNOTATION.claim]: "9" },
      },
      data: { ...NOTHING, GREETING: "aGVsbG8=" },
    });
  });

  test("says no config var outside of its data", () => {
    const secret = secretOf({ env: { TOKEN: "s3cr3t-value" } });
    expect(JSON.stringify(secret.metadata)).not.toContain("s3cr3t-value");
    expect(JSON.stringify(makeDynoSet(bodyOf(), spec(), placement, "u"))).not.toContain("hello");
  });

  test("keeps values of any bytes", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), fc.string({ unit: "binary" })), (env) => {
        const { data = {} } = secretOf({ env });
        const back = Object.entries(data).map(([name, value]) => [
          name,
          Buffer.from(value, "base64").toString(),
        ]);
        expect(Object.fromEntries(back)).toEqual(
          Object.fromEntries(
            Object.entries({ ...NOTHING, ...env }).map(([name, value]) => [
              name,
              Buffer.from(value).toString(),
            ]),
          ),
        );
      }),
    );
  });

  test("gives back the spec without what may change and what is secret", () => {
    const { env: _, duty: __, ...rest } = spec();
    expect(bodyOf()).toEqual(rest);
  });

  test.each([
    ["no annotation", {}],
    ["no JSON", { [ANNOTATION.spec]: "{" }],
    ["something else", { [ANNOTATION.spec]: '{"id":5}' }],
  ])("that somebody edited is told apart: %s", (_what, annotations) => {
    expect(readDynoBody({ metadata: { name: "x", annotations } })).toBeUndefined();
  });

  test("is named by its values, in whatever order they come", () => {
    expect(digestOfData({ A: "1", B: "2" })).toBe(digestOfData({ B: "2", A: "1" }));
    expect(digestOfData({ A: "1" })).not.toBe(digestOfData({ A: "2" }));
    expect(digestOfData(undefined)).toBe(digestOfData({}));
  });
});

describe("a web dyno's set", () => {
  const set = makeDynoSet(bodyOf(), spec(), placement, "secret-uid");

  test("is one pod, owned by the Secret and selected by the dyno's id alone", () => {
    expect(set.metadata).toEqual({
      name: `dyno-${DYNO_ID}`,
      namespace: "conifer-apps",
      labels: LABELS,
      ownerReferences: [{ apiVersion: "v1", kind: "Secret", name: `dyno-${DYNO_ID}`, uid: "secret-uid" }],
    });
    expect(set.spec).toMatchObject({ replicas: 1, selector: { matchLabels: { [LABEL.dyno]: DYNO_ID } } });
    expect(template(set).metadata).toEqual({
      labels: LABELS,
      annotations: {
        "conifer.dev/name": "web.1",
        "conifer.dev/release-id": "22222222-2222-4222-8222-222222222222",
        "conifer.dev/type": "web",
        "conifer.dev/app-name": "example",
      },
    });
  });

  test("has what Pod Security asks for, and nothing of the cluster", () => {
    expect(template(set).spec).toMatchObject({
      serviceAccountName: "conifer-dyno",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "Default",
      restartPolicy: "Always",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    expect(template(set).spec.containers[0]).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    });
    for (const field of ["hostNetwork", "hostPID", "hostIPC", "volumes"])
      expect(template(set).spec).not.toHaveProperty(field);
  });

  test("has its container", () => {
    const port = dynoPort(DYNO_ID);
    expect(template(set).spec.containers).toEqual([
      {
        name: "dyno",
        image: `registry.test:5000/apps/${APP_ID}@sha256:${"ab".repeat(32)}`,
        command: ["/cnb/process/web"],
        envFrom: [{ secretRef: { name: `dyno-${DYNO_ID}` } }],
        env: [
          { name: "PORT", value: String(port) },
          {
            name: "DYNO",
            valueFrom: {
              fieldRef: { apiVersion: "v1", fieldPath: "metadata.annotations['conifer.dev/name']" },
            },
          },
        ],
        resources: {
          requests: { memory: "536870912", cpu: "100m", "ephemeral-storage": "67108864" },
          limits: { memory: "1073741824", "ephemeral-storage": "1073741824" },
        },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        lifecycle: {
          preStop: { exec: { command: ["/bin/sh", "-c", expect.stringContaining("kill -TERM")] } },
        },
        startupProbe: {
          tcpSocket: { port },
          periodSeconds: 1,
          timeoutSeconds: 1,
          failureThreshold: 62,
          terminationGracePeriodSeconds: 1,
        },
        readinessProbe: { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 5 },
      },
    ]);
  });

  test("leaves a lost node soon and spreads with its like", () => {
    expect(template(set).spec).toMatchObject({
      tolerations: [
        {
          key: "node.kubernetes.io/not-ready",
          operator: "Exists",
          effect: "NoExecute",
          tolerationSeconds: 5,
        },
        {
          key: "node.kubernetes.io/unreachable",
          operator: "Exists",
          effect: "NoExecute",
          tolerationSeconds: 5,
        },
      ],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: { [LABEL.app]: APP_ID, [LABEL.type]: "web" } },
        },
      ],
    });
  });

  test("takes its own resolvers and credentials where they are given", () => {
    const own = { ...placement, nameservers: ["192.0.2.53"], pullSecrets: ["pull"] };
    expect(template(makeDynoSet(bodyOf(), spec(), own, "u")).spec).toMatchObject({
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.53"] },
      imagePullSecrets: [{ name: "pull" }],
    });
  });

  test("gets another name and release without getting another pod", () => {
    const renamed = makeDynoSet(bodyOf(), { ...spec(), name: "web.4", releaseVersion: 8 }, placement, "u");
    expect(template(renamed).metadata).toMatchObject({
      labels: { "conifer.dev/name": "web.4", "conifer.dev/release": "v8" },
      annotations: { "conifer.dev/name": "web.4" },
    });
    expect(template(renamed).spec).toEqual(template(set).spec);
    expect(renamed.spec.selector).toEqual(set.spec.selector);
  });
});

test("a worker has no probes", () => {
  const body = bodyOf({ type: "worker", duty: "work" });
  const [container] = template(makeDynoSet(body, spec(), placement, "u")).spec.containers;
  expect(container).not.toHaveProperty("startupProbe");
  expect(container).not.toHaveProperty("readinessProbe");
});

describe("a one-off dyno's pod", () => {
  const body = bodyOf({
    type: "run",
    name: "run.1",
    duty: "work",
    command: { kind: "shell", line: "echo $HOME" },
  });

  test("is never started again, and ends when its time is over", () => {
    const pod = makeOneOffPod(body, { attach: false, lifetimeSeconds: 1.5 }, placement, "u");
    expect(pod.spec).toMatchObject({ restartPolicy: "Never", activeDeadlineSeconds: 2 });
    expect(pod.metadata.name).toBe(`dyno-${DYNO_ID}`);
    expect(pod.metadata.labels).toMatchObject({ "conifer.dev/part": "one-off", "conifer.dev/name": "run.1" });
    expect(pod.metadata.annotations).not.toHaveProperty(ANNOTATION.client);
    expect(makeOneOffPod(body, { attach: false }, placement, "u").spec).not.toHaveProperty(
      "activeDeadlineSeconds",
    );
  });

  test("runs the line in a shell, with every dollar sign its own", () => {
    const pod = makeOneOffPod(body, { attach: false }, placement, "u");
    const { command } = (pod.spec as unknown as PodShape).containers[0] as { command: string[] };
    expect(command.slice(0, 2)).toEqual(["/bin/sh", "-c"]);
    expect(command.at(-1)).toBe("echo $$HOME");
  });

  test.each([
    ["a terminal", { columns: 80, rows: 24 }, { tty: true }, "80x24"],
    ["pipes", undefined, {}, undefined],
  ])("waits for its client behind the gate: %s", (_what, terminal, expected, size) => {
    const options = { attach: true, ...(terminal ? { terminal } : {}) };
    const pod = makeOneOffPod(body, options, placement, "u");
    const [container] = (pod.spec as unknown as PodShape).containers;
    expect(container).toMatchObject({ stdin: true, stdinOnce: true, ...expected });
    expect(container).toMatchObject({
      command: [
        "/bin/sh",
        "-c",
        expect.stringContaining("read -r gate"),
        "sh",
        "/bin/sh",
        "-c",
        expect.any(String),
        "sh",
        "echo $$HOME",
      ],
    });
    expect(pod.metadata.annotations).toMatchObject({ [ANNOTATION.client]: "awaited" });
    expect(pod.metadata.annotations?.[ANNOTATION.terminal]).toBe(size);
  });
});

test.each([
  [100, "100m"],
  [1_000, "1"],
  [1_500, "1500m"],
  [0.2, "1m"],
  [16_000, "16"],
])("%d thousandths of a core are written %s, as the API writes them back", (millis, text) => {
  expect(quantity(millis)).toBe(text);
});

test("ports are stable, differ, and are none that a kernel gives away", () => {
  const ports = Array.from({ length: 500 }, (_, i) => dynoPort(`dyno-${i}`));
  expect(new Set(ports).size).toBeGreaterThan(450);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThan(32_000);
  expect(dynoPort("dyno-7")).toBe(ports[7]);
});

/** What the kubelet does with a command, by its rules: `$$` is `$`, `$(NAME)` is replaced when it is known. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (all, what: string, name?: string) =>
    what === "$" ? "$" : name !== undefined && name in env ? (env[name] ?? "") : all,
  );
}

test("what is escaped arrives as it was, whatever variables there are", () => {
  const part = fc.oneof(
    fc.constantFrom("$", "$$", "$(", ")", "$(HOME)", "$(date)", "$HOME", "`"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const line = parts.join("");
      expect(expand(escapeExpansion(line), { HOME: "/wrong", date: "wrong" })).toBe(line);
    }),
  );
});

describe("a dyno of a container image", () => {
  const command = { kind: "program", argv: ["/server", "$PORT", "$(HOME)"] } as const;
  const podOf = (container: object) =>
    template(makeDynoSet(bodyOf({ command, container }), spec(), placement, "uid")).spec;

  test("runs the image's own program, of which the cluster expands nothing", () => {
    expect(podOf({}).containers[0]).toMatchObject({ command: ["/server", "$$PORT", "$$(HOME)"] });
  });

  test("is whom the image wants to be, else the usual user, under the same restrictions", () => {
    const { uid, gid } = placement.user;
    expect(podOf({}).securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: uid, runAsGroup: gid });
    const pod = podOf({ user: { uid: 1234, gid: 99 } });
    expect(pod.securityContext).toEqual({
      ...{ runAsNonRoot: true, runAsUser: 1234, runAsGroup: 99, fsGroup: 99 },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });
});
