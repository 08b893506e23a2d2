import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../../conformance/src/app-control.ts";
import type { JourneyApp } from "../../conformance/src/journey.ts";
import type { Load } from "../../conformance/src/load.ts";
import { trialApp } from "../../conformance/src/trial-app.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import { KIND, type KubeKind, type KubeObject } from "../../platform/src/drivers/kubernetes/client/index.ts";
import {
  APPS,
  BUILDS,
  hasInstallation,
  type InstallationUnderTest,
  openInstallation,
  placeOf,
  SYSTEM,
} from "./installation-under-test-fixtures.ts";
import { firstProcess } from "./pod-processes-fixtures.ts";

/**
 * What a cluster refuses an installation, for a while: room, rights, images, a volume, an end. What runs goes on without a failed
 * request, people are told why nothing new comes, and it comes as soon as the cluster gives in.
 */

const LONG_MS = 120_000;
const NAME = "conifer-fault";

type Spec = Readonly<Record<string, unknown>>;
interface AnyObject extends KubeObject {
  readonly [field: string]: unknown;
}

const KINDS = {
  binding: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", plural: "rolebindings" },
  service: { apiVersion: "v1", kind: "Service", plural: "services" },
  policy: admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
  policyBinding: admission("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
} satisfies Record<string, KubeKind>;

function admission(kind: string, plural: string): KubeKind {
  return { apiVersion: "admissionregistration.k8s.io/v1", kind, plural };
}

let installation: InstallationUnderTest;
let app: JourneyApp;
let control: AppControl;
let load: Load;
/** What gives the cluster back what a test took, also when the test fails. */
const undo: (() => Promise<unknown>)[] = [];

describe.skipIf(!hasInstallation)("a cluster that refuses", () => {
  beforeAll(async () => {
    installation = await openInstallation();
    await installation.isWhole();
    await removeLeftovers();
    app = await installation.journey.deployApp("refused", trialApp());
    control = controlApp(installation.journey, app);
    await installation.journey.api("PATCH", "/apps/refused/features/warm-rollback", { enabled: false });
    await control.setConfig({ GREETING: "before" });
    await control.answers(({ greeting }) => greeting === "before", LONG_MS);
    await hasDynos(1);
    const [router] = await installation.podsOf("router");
    if (!router) throw new Error("no router runs");
    load = await installation.loadBy(router, app);
  });

  afterEach(async () => {
    for (const give of undo.splice(0)) await give();
  });
  afterAll(async () => {
    await load?.stop();
    await installation?.end();
  });

  test("room for dynos (ResourceQuota): they crash with the cluster's words in the log, until there is room", async () => {
    const give = await takeRoom(APPS);
    await changeInVain("over quota", /R99.*exceeded quota: conifer-fault/);
    await give();
    await comes("over quota");
  }, 300_000);

  test("pods by a rule of the operator's (admission): the same, with the rule's words", async () => {
    const give = await forbidPods("no pods on a Saturday");
    await changeInVain("against the rule", /R99.*no pods on a Saturday/);
    await give();
    await comes("against the rule");
  }, 300_000);

  test("the worker's rights (RBAC): a change waits and is made when they are back", async () => {
    const before = await control.answer();
    const give = await takeRights();
    await control.setConfig({ GREETING: "without rights" });
    await workersSay(/forbidden/);
    expect(await control.answer()).toEqual(before);
    await give();
    await comes("without rights");
  }, 300_000);

  test("a pod's end (a finalizer): its successor serves, and it counts no more", async () => {
    const [pod] = await installation.dynoPods(app.name);
    if (!pod) throw new Error("no dyno has a pod");
    const { boot } = await control.answer();
    const hold = (finalizers: readonly string[]) =>
      installation.client.merge(placeOf(pod), pod.metadata.name, { metadata: { finalizers } });
    await hold(["conifer.dev/fault"]);
    const release = once(() => hold([]));
    await installation.journey.api("DELETE", "/apps/refused/dynos");
    await control.answers((answer) => answer.boot !== boot, LONG_MS);
    await hasDynos(1);
    const held = await installation.client.get(placeOf(pod), pod.metadata.name);
    expect(held.metadata.deletionTimestamp).toBeDefined();
    await release();
    await control.dynosAre("web", ["up"], LONG_MS);
  }, 300_000);

  test("the image for some seconds: its dyno waits for it, and has not crashed", async () => {
    await app.commit({ "label.txt": "the image came late\n" });
    const push = installation.journey.person.startGit(["push", "heroku", "main"], { cwd: app.folder });
    await push.sees(/Exporting the image/, LONG_MS);
    const giveImages = await takeImages();
    await app.logSays(/R99.*pull/i, LONG_MS);
    await giveImages();
    await push.sees(/Verifying deploy\.\.\. done\./, LONG_MS);
    expect(await push.ended).toBe(0);
    expect((await control.answer()).label).toBe("the image came late");
    await app.commit({ "label.txt": "one\n" });
    await app.push();
  }, 400_000);

  test("room for builds, then the image to its nodes: the push waits, then says so, and the old release serves", async () => {
    await app.commit({ "label.txt": "first refused room, then its image\n" });
    const giveRoom = await takeRoom(BUILDS);
    const push = installation.journey.person.startGit(["push", "heroku", "main"], { cwd: app.folder });
    await push.sees(/Waiting for a build that runs on this cluster/, LONG_MS);
    await giveRoom();
    await push.sees(/Exporting the image/, LONG_MS);
    const giveImages = await takeImages();
    await push.sees(/Verifying deploy\.\.\. failed\./, LONG_MS);
    await push.sees(/its image cannot be used here/);
    expect(await push.ended).toBe(0);
    expect((await control.answer()).label).toBe("one");
    await app.logSays(/R99/, LONG_MS);
    await giveImages();
    await control.answers(({ label }) => label.startsWith("first refused"), LONG_MS);
    await control.dynosAre("web", ["up"], LONG_MS);
  }, 400_000);

  test("room for images (a full volume): the push fails and says why, and the next one goes through", async () => {
    await app.commit({ "label.txt": "first no room, then room\n" });
    const give = await fillRegistry();
    const { code, all } = await app.git("push", "heroku", "main");
    expect(all).toMatch(/no room|full|space/i);
    expect(code).not.toBe(0);
    await give();
    await app.push();
    await control.answers(({ label }) => label === "first no room, then room", LONG_MS);
  }, 400_000);

  test("through all of it no request failed", async () => {
    await load.nextGood();
    await load.stop();
    expect(load.failures()).toEqual([]);
    expect(load.answers().length).toBeGreaterThan(100);
  });
});

/** A release whose dynos cannot start: the old ones serve, and the log says why. */
async function changeInVain(greeting: string, why: RegExp): Promise<void> {
  const before = await control.answer();
  await control.setConfig({ GREETING: greeting });
  const states = async () => (await control.dynos()).map(({ state }) => state);
  await waitUntil("a crashed dyno", async () => (await states()).includes("crashed"), { ms: LONG_MS });
  await app.logSays(why, LONG_MS);
  expect(await control.answer()).toEqual(before);
}

async function comes(greeting: string): Promise<void> {
  await control.answers((answer) => answer.greeting === greeting, LONG_MS);
  await control.dynosAre("web", ["up"], LONG_MS);
  await hasDynos(1);
}

async function hasDynos(count: number): Promise<void> {
  const look = async () => (await installation.dynoPods(app.name)).length === count;
  await waitUntil(`${count} pods of dynos`, look, { ms: LONG_MS });
}

/** Is done once, by the test or after it. */
function once(give: () => Promise<unknown>): () => Promise<void> {
  let given = false;
  const work = async () => {
    if (given) return;
    given = true;
    await give();
  };
  undo.push(work);
  return work;
}

/** What runs there stays. */
async function takeRoom(namespace: string): Promise<() => Promise<void>> {
  const { client } = installation;
  const place = { kind: KIND.resourceQuota, namespace };
  const spec = { hard: { pods: "0" } };
  await client.create<AnyObject>({ ...objectOf(KIND.resourceQuota, namespace), spec });
  const give = once(() => client.remove(place, NAME));
  await waitUntil("a quota that holds", async () => {
    const { status } = await client.get<AnyObject>(place, NAME);
    return (status as { hard?: unknown } | undefined)?.hard !== undefined;
  });
  return give;
}

/** Holds as soon as the API server has taken note of it, which is seen by asking. */
async function forbidPods(message: string): Promise<() => Promise<void>> {
  const { client } = installation;
  const rule: Spec = {
    failurePolicy: "Fail",
    matchConstraints: {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": APPS } },
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    },
    validations: [{ expression: "false", message }],
  };
  const give = once(async () => {
    await client.remove({ kind: KINDS.policyBinding }, NAME);
    await client.remove({ kind: KINDS.policy }, NAME);
  });
  await client.create<AnyObject>({ ...objectOf(KINDS.policy), spec: rule });
  const spec = { policyName: NAME, validationActions: ["Deny"] };
  await client.create<AnyObject>({ ...objectOf(KINDS.policyBinding), spec });
  let said = "";
  const holds = async () => {
    said = await tryPod();
    return said.includes(message);
  };
  await waitUntil("a rule that holds", holds, { ms: LONG_MS, instead: () => said });
  return give;
}

/** What the cluster says to a pod in the dynos' namespace; nothing is made. */
async function tryPod(): Promise<string> {
  const container = {
    ...{ name: "one", image: "none" },
    resources: { limits: { cpu: "1m", memory: "1Mi", "ephemeral-storage": "1Mi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } };
  const pod = { ...objectOf(KIND.pod, APPS), spec: { containers: [container], securityContext } };
  return await installation.client.apply<AnyObject>(pod, { dryRun: true }).then(
    () => "",
    (thrown: unknown) => String(thrown),
  );
}

async function takeRights(): Promise<() => Promise<void>> {
  const { client } = installation;
  const place = { kind: KINDS.binding, namespace: APPS };
  const { metadata, ...rest } = await client.get<AnyObject>(place, "conifer-worker");
  const { name, namespace = APPS, labels = {} } = metadata;
  const give = once(() => client.create<AnyObject>({ ...rest, metadata: { name, namespace, labels } }));
  await client.remove(place, name);
  return give;
}

/** Waits for such a line among those that workers have written since the call. */
async function workersSay(pattern: RegExp): Promise<void> {
  const sinceTime = new Date(Date.now() - 2_000).toISOString();
  const look = async () => {
    const texts = await Promise.all(
      (await installation.podsOf("worker")).map(async ({ metadata }) => {
        const path = `/api/v1/namespaces/${SYSTEM}/pods/${metadata.name}/log`;
        const body = await installation.client.stream(path, { sinceTime }, AbortSignal.timeout(LONG_MS));
        return await body.text();
      }),
    );
    return texts.some((text) => pattern.test(text));
  };
  await waitUntil(`a worker's line like ${pattern}`, look, { ms: LONG_MS });
}

/** Nodes reach no registry: the Service that they call leads nowhere. */
async function takeImages(): Promise<() => Promise<void>> {
  const { client } = installation;
  const place = { kind: KINDS.service, namespace: SYSTEM };
  const lead = (role: string) =>
    client.merge(place, "conifer-images", { spec: { selector: { "conifer.dev/role": role } } });
  await lead("nobody");
  return once(() => lead("registry"));
}

/**
 * A file system without room lies over the folder in which the registry takes what is pushed, until its container is started
 * anew, as an operator does who has made room.
 */
async function fillRegistry(): Promise<() => Promise<void>> {
  const pods = await installation.podsOf("registry");
  const options = ["-t", "tmpfs", "-o", "size=4k,mode=0777", NAME, "/var/lib/conifer/images/uploads"];
  for (const pod of pods) execFileSync("mount", ["--namespace", String(firstProcess(pod)), ...options]);
  return once(async () => {
    await installation.kill(pods);
    await installation.isWhole();
  });
}

/** Of a run that was killed. */
async function removeLeftovers(): Promise<void> {
  const { client } = installation;
  for (const namespace of [APPS, BUILDS]) await client.remove({ kind: KIND.resourceQuota, namespace }, NAME);
  await client.remove({ kind: KINDS.policyBinding }, NAME);
  await client.remove({ kind: KINDS.policy }, NAME);
}

function objectOf(kind: KubeKind, namespace?: string): AnyObject {
  const metadata = { name: NAME, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata };
}
