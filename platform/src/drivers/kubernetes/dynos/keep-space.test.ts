import { afterEach, beforeEach, expect, test } from "vitest";
import type { Logger, Running } from "../../../kernel/index.ts";
import { type KubeClient, KubeError, type KubeObject } from "../client/index.ts";
import { keepSpace } from "./keep-space.ts";
import { ORDINARY_LIMITS } from "./space-namespace.ts";

/** As much of an API server as keeping a space asks for; changes are told by lists only, which come often. */
class SmallServer {
  readonly objects = new Map<string, KubeObject>();
  readonly writes: string[] = [];
  refuses: ((doing: string) => KubeError | undefined) | undefined;
  #version = 0;

  readonly client = {
    get: async (place: { kind: { kind: string } }, name: string) => {
      const found = this.objects.get(`${place.kind.kind}/${name}`);
      if (!found) throw problem(404, "NotFound");
      return found;
    },
    list: async ({ kind }: { kind: { kind: string } }) => ({
      resourceVersion: String(this.#version),
      items: [...this.objects.values()].filter((one) => one.kind === kind.kind),
      continue: undefined,
    }),
    stream: async () => {
      throw problem(410, "Expired");
    },
    apply: async (object: KubeObject) => this.put(object, "apply"),
    create: async (object: KubeObject) => {
      if (this.objects.has(`${object.kind}/${object.metadata.name}`)) throw problem(409, "AlreadyExists");
      return this.put(object, "create");
    },
    replace: async (object: KubeObject) => this.put(object, "replace"),
    remove: async (place: { kind: { kind: string } }, name: string) => {
      this.writes.push(`remove ${place.kind.kind}/${name}`);
      return this.objects.delete(`${place.kind.kind}/${name}`);
    },
  } as unknown as KubeClient;

  put(object: KubeObject, doing: string): KubeObject {
    const key = `${object.kind}/${object.metadata.name}`;
    const refusal = this.refuses?.(`${doing} ${key}`);
    if (refusal) throw refusal;
    this.#version += 1;
    this.writes.push(`${doing} ${key}`);
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.objects.set(key, written);
    return written;
  }

  /** What somebody else does. */
  edit(key: string, change: (object: KubeObject & { spec?: object }) => object): void {
    const found = this.objects.get(key);
    if (!found) throw new Error(`there is no ${key}`);
    this.objects.set(key, change(found) as KubeObject);
  }
}

const problem = (status: number, reason: string) =>
  new KubeError("doing", { status, reason, message: reason });

let server: SmallServer;
let said: [string, unknown][];
const running: Running[] = [];

beforeEach(() => {
  server = new SmallServer();
  said = [];
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function keep(): Promise<void> {
  const say = (message: string, fields: unknown) => void said.push([message, fields]);
  const logger = { debug: () => {}, info: say, warn: say, error: say } as unknown as Logger;
  running.push(
    await keepSpace(
      {
        ...{ client: server.client, logger },
        wishes: { namespace: "space", fence: { routerRanges: [] }, limits: ORDINARY_LIMITS },
        timing: { everyMs: 10, againMs: 1 },
      },
      new AbortController().signal,
    ),
  );
}

const specOf = (key: string) => (server.objects.get(key) as { spec?: object } | undefined)?.spec;
const CLOSED = "NetworkPolicy/conifer-closed";

test("makes the namespace, then the fence, and then nothing more", async () => {
  await keep();
  expect(server.writes).toEqual([
    "apply Namespace/space",
    `create ${CLOSED}`,
    "create NetworkPolicy/conifer-outside",
    "create ServiceAccount/conifer-dyno",
    "create ResourceQuota/conifer-space",
    "create LimitRange/conifer-space",
  ]);
  const before = server.writes.length;
  await keep();
  // A process does not know yet how the server writes things down, so it writes each once.
  expect(
    server.writes.slice(before).filter((write) => !write.startsWith("replace") && !write.startsWith("apply")),
  ).toEqual([]);
});

test("takes over what an earlier version made, and removes what it made no longer", async () => {
  const labels = { "app.kubernetes.io/managed-by": "conifer" };
  const old = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
  server.put({ ...old, metadata: { name: "conifer-router-in", labels } }, "create");
  server.put({ ...old, metadata: { name: "conifer-nothing-in" } }, "create");
  await keep();
  expect(server.objects.has("NetworkPolicy/conifer-router-in")).toBe(false);
  expect(server.objects.has("NetworkPolicy/conifer-nothing-in")).toBe(true); // not ours
});

test("what others wrote into labels and annotations stays", async () => {
  const metadata = { name: "conifer-closed", labels: { team: "a" }, annotations: { note: "b" } };
  server.put({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata }, "create");
  await keep();
  expect(server.objects.get(CLOSED)?.metadata).toMatchObject({
    labels: { team: "a", "app.kubernetes.io/managed-by": "conifer" },
    annotations: { note: "b", "conifer.dev/version": "1" },
  });
});

test("another's conflicting write is waited for, and a refusal is told", async () => {
  let refusals = 2;
  server.refuses = (doing) =>
    doing.includes(CLOSED) && refusals-- > 0 ? problem(409, "Conflict") : undefined;
  await keep();
  expect(specOf(CLOSED)).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
  server.refuses = (doing) => (doing.includes("Quota") ? problem(403, "Forbidden") : undefined);
  server.objects.delete("ResourceQuota/conifer-space");
  await expect(keep()).rejects.toThrow("Forbidden");
});

test("an object of a later Conifer is left as it is", async () => {
  await keep();
  const later = (object: KubeObject) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { "conifer.dev/version": "2" } },
    spec: { podSelector: {}, policyTypes: ["Egress"] },
  });
  server.edit(CLOSED, later);
  await new Promise((resolve) => setTimeout(resolve, 150)); // lists come every few milliseconds
  expect(specOf(CLOSED)).toMatchObject({ policyTypes: ["Egress"] });
});

test("a namespace that lost its labels gets them back", async () => {
  await keep();
  server.edit("Namespace/space", (object) => ({ ...object, metadata: { name: "space" } }));
  await expect.poll(() => server.objects.get("Namespace/space")?.metadata.labels).toBeDefined();
  expect(said).toContainEqual(["a space's namespace was put right", { namespace: "space" }]);
});
