import { describe, expect, it } from "vitest";
import { PARTS } from "./build-parts.ts";
import { makeBuildPod, makeBuildSecret, type PodBuilderImage } from "./build-pod.ts";
import { GIB, placement, spec, task } from "./build-pod-fixtures.ts";

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

const podWith = (change: Partial<typeof placement> = {}, hostEnv: Record<string, string> = {}) =>
  makeBuildPod(spec, 1, { placement: { ...placement, ...change }, hostEnv, isWhole: false });
const containersOf = (pod: ReturnType<typeof podWith>) => pod.spec.containers as readonly Container[];
const mountsOf = (name: string) => {
  const found = containersOf(podWith({ trust: "trust" })).find((one) => one.name === name);
  return found?.volumeMounts.map(
    (mount) => `${mount.name}${mount.readOnly ? "" : " (write)"} ${mount.mountPath}`,
  );
};

describe("the pod of a build", () => {
  it("has a container for each phase, in the order of their turns", () => {
    const containers = containersOf(podWith());
    expect(containers.map(({ name }) => name)).toEqual([...PARTS]);
    expect(containers.map(({ command }) => command.slice(0, 3).join(" "))).toEqual([
      "/cnb/conifer/take-turn - prepare",
      "/cnb/conifer/take-turn prepare analyzer",
      "/cnb/conifer/take-turn analyzer detector",
      "/cnb/conifer/take-turn detector restorer",
      "/cnb/conifer/take-turn restorer builder",
      "/cnb/conifer/take-turn builder exporter",
      "/cnb/conifer/take-turn exporter -",
    ]);
  });

  it("shows the credential to containers that run nothing of buildpacks, and the image to none that does", () => {
    const withVolume = (name: string) =>
      PARTS.filter((part) => mountsOf(part)?.some((mount) => mount.startsWith(name)));
    expect(withVolume("task")).toEqual(["prepare", "deliver"]);
    expect(withVolume("layouts")).not.toContain("builder");
    expect(withVolume("layouts")).not.toContain("detector");
  });

  it("lets each container write only what is its work", () => {
    const writes = (name: string) => mountsOf(name)?.filter((mount) => mount.includes("(write)"));
    expect(writes("prepare")).toEqual([
      "build (write) /build",
      "layouts (write) /build/layouts",
      "workspace (write) /build/workspace",
      "turns (write) /turns",
    ]);
    expect(writes("builder")).toEqual([
      "layers (write) /layers",
      "workspace (write) /workspace",
      "turns (write) /turns",
    ]);
    expect(writes("deliver")).toEqual(["turns (write) /turns"]);
  });

  it("fits Pod Security restricted", () => {
    const { spec: pod } = podWith();
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { securityContext } of containersOf(podWith()))
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
  });

  it("sets as much memory aside as it may ever take", () => {
    for (const { resources } of containersOf(podWith()))
      expect(resources.requests.memory).toBe(resources.limits.memory);
    expect(podWith().spec).not.toHaveProperty("resources");
  });

  it.each([
    ["the app's build", 2 * GIB],
    ["the export", 200 * 1024 ** 2],
  ])(
    "sets aside what %s needs, where a cluster does that for a pod as a whole",
    (_hungriest, memoryBytes) => {
      const whole = makeBuildPod(spec, 1, {
        placement: { ...placement, memoryBytes },
        hostEnv: {},
        isWhole: true,
      });
      const { requests, limits } = whole.spec.resources as Container["resources"];
      const asked = containersOf(whole).map(({ resources }) => Number(resources.requests.memory));
      const most = containersOf(whole).map(({ resources }) => Number(resources.limits.memory));
      expect(limits.memory).toBe(requests.memory);
      expect(Number(requests.memory)).toBe(Math.max(...most) + PARTS.length * 16 * 1024 ** 2);
      // As the API server wants it.
      expect(asked.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(Number(requests.memory));
      const millis = containersOf(whole).map(({ resources }) =>
        Number.parseInt(resources.requests.cpu ?? "", 10),
      );
      expect(millis.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(
        Number.parseInt(requests.cpu ?? "", 10),
      );
      // One that needs more than it may is ended alone, as anywhere.
      expect(most).toEqual(
        containersOf(podWith({ memoryBytes })).map(({ resources }) => Number(resources.limits.memory)),
      );
    },
  );

  describe("in a builder image of somebody else's", () => {
    const foreign: PodBuilderImage = {
      image: `registry.test:5000/common/app@sha256:${"99".repeat(32)}`,
      name: "acme.test/builder:1@sha256:99",
      user: { uid: 1234, gid: 4321 },
      platformApi: "0.13",
      runImage: "acme.test/run:1",
      runUser: { uid: 1235, gid: 4321 },
      bringsBuildpacks: false,
      takeTurn: 'echo "$1"',
    };
    const made = (more: Partial<PodBuilderImage> = {}, hostEnv: Record<string, string> = {}) =>
      makeBuildPod(spec, 1, { placement, hostEnv, isWhole: false, builder: { ...foreign, ...more } });
    const argvOf = (name: string, more: Partial<PodBuilderImage> = {}) =>
      containersOf(made(more))
        .find((one) => one.name === name)
        ?.command.join(" ") ?? "";
    const OURS = ["prepare", "deliver"];

    it("runs the phases there and what is ours in our image, all as the image's user", () => {
      for (const { name, image, command } of containersOf(made())) {
        expect(image).toBe(OURS.includes(name) ? placement.builderImage : foreign.image);
        const first = OURS.includes(name) ? ["/cnb/conifer/take-turn"] : ["/bin/sh", "-c", 'echo "$$1"'];
        expect(command.slice(0, first.length)).toEqual(first);
      }
      expect(made().spec.securityContext).toMatchObject({
        ...{ runAsNonRoot: true, runAsUser: 1234, runAsGroup: 4321 },
      });
      expect(made().metadata.annotations).toEqual({
        "conifer.dev/builder": "acme.test/builder:1@sha256:99",
        "conifer.dev/run-user": "1235:4321",
      });
    });

    it("shows no container of it any credential", () => {
      for (const { name, volumeMounts } of containersOf(made()))
        expect(volumeMounts.some((mount) => mount.name === "task")).toBe(OURS.includes(name));
      expect(JSON.stringify(made())).not.toContain("CNB_REGISTRY_AUTH");
    });

    it("keeps its cache in a folder that no buildpack sees", () => {
      const withCache = containersOf(made()).filter(({ volumeMounts }) =>
        volumeMounts.some((mount) => mount.name === "cache"),
      );
      expect(withCache.map(({ name }) => name)).toEqual(["prepare", "restorer", "exporter", "deliver"]);
      expect(argvOf("exporter")).toContain("-cache-dir /cache");
      expect(argvOf("exporter")).not.toContain("-cache-image");
    });

    it("speaks the Platform API of its lifecycle", () => {
      const env = containersOf(made({}, { HTTPS_PROXY: "http://proxy" })).find(
        ({ name }) => name === "builder",
      )?.env;
      expect(env).toEqual([
        { name: "CNB_PLATFORM_API", value: "0.13" },
        { name: "CNB_EXPERIMENTAL_MODE", value: "quiet" },
        { name: "CNB_NO_COLOR", value: "true" },
        { name: "HTTPS_PROXY", value: "http://proxy" },
      ]);
      expect(argvOf("analyzer")).toContain("-run-image acme.test/run:1 -uid 1234 -gid 4321");
      expect(argvOf("restorer")).not.toContain("-run ");
      expect(argvOf("restorer", { platformApi: "0.14" })).toContain("-run /build/run.toml");
    });

    it("has the builder's buildpacks, and those of the source when it brings any", () => {
      expect(argvOf("detector")).toContain("-buildpacks /cnb/buildpacks");
      for (const name of ["detector", "builder"])
        expect(argvOf(name, { bringsBuildpacks: true })).toContain("-buildpacks /build/buildpacks");
    });
  });

  it("ends by itself, and is never started again", () => {
    expect(podWith().spec).toMatchObject({ activeDeadlineSeconds: 900, restartPolicy: "Never" });
    const short = makeBuildPod({ ...spec, timeoutSeconds: 0.2 }, 1, {
      placement,
      hostEnv: {},
      isWhole: false,
    });
    expect(short.spec.activeDeadlineSeconds).toBe(1);
  });

  it("goes where builds are placed, and gives way", () => {
    const { spec: pod } = podWith({
      nodeSelector: { "conifer.dev/class": "build" },
      tolerations: [{ key: "builds", operator: "Exists" }],
      priorityClass: "low",
    });
    expect(pod.nodeSelector).toEqual({ "conifer.dev/class": "build" });
    expect(pod.priorityClassName).toBe("low");
    expect(pod.tolerations).toContainEqual({ key: "builds", operator: "Exists" });
    expect(podWith().spec).not.toHaveProperty("nodeSelector");
    expect(podWith().spec).not.toHaveProperty("priorityClassName");
  });

  it("gives proxies to the phases, unexpanded", () => {
    const containers = containersOf(podWith({}, { HTTPS_PROXY: "http://u:$(P)@proxy" }));
    const proxyOf = (name: string) =>
      containers.find((one) => one.name === name)?.env.find((one) => one.name === "HTTPS_PROXY")?.value;
    expect(proxyOf("builder")).toBe("http://u:$$(P)@proxy");
    expect(proxyOf("deliver")).toBeUndefined();
  });

  it("trusts the operator's certificates where buildpacks run, or those of the image", () => {
    const trusting = PARTS.filter((part) => mountsOf(part)?.some((mount) => mount.startsWith("trust")));
    expect(trusting).toEqual(["detector", "builder"]);
    expect(JSON.stringify(podWith())).not.toContain("ca-certificates");
  });

  it("holds no secret: those are in its Secret, which the same labels find", () => {
    const pod = podWith();
    const secret = makeBuildSecret(task, 1, placement.namespace);
    for (const text of ["s3cret", "p4ssword"]) {
      expect(JSON.stringify(pod)).not.toContain(text);
      expect(Buffer.from(secret.data?.["task.json"] ?? "", "base64").toString()).toContain(text);
    }
    expect(secret.metadata.name).toBe(pod.metadata.name);
    expect(secret.metadata.labels).toEqual(pod.metadata.labels);
  });
});
