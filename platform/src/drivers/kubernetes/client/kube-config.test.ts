import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openKubeAccess, readInClusterAccess, readKubeConfig } from "./kube-config.ts";
import { base64, type ConfigFolder, kubeConfig, makeConfigFolder, pem } from "./kube-config-fixtures.ts";

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
});
afterEach(() => folder.remove());

const read = (content: unknown, context?: string) => readKubeConfig(folder.write("config", content), context);

describe("a kubeconfig", () => {
  test("with the least it needs", async () => {
    const { credentials, ...access } = await read(kubeConfig());
    expect(access).toEqual({
      server: "https://kube.test:6443",
      context: "main",
      ca: undefined,
      serverName: undefined,
      insecure: false,
      namespace: "default",
    });
    expect(await credentials()).toEqual({});
  });

  test("in YAML, as tools write it", async () => {
    const access = await read(`
apiVersion: v1
kind: Config
current-context: west
preferences: {}
clusters:
- cluster:
    certificate-authority-data: ${base64(pem("CERTIFICATE"))}
    server: https://west.test
  name: west-cluster
contexts:
- context: {cluster: west-cluster, namespace: apps, user: west-user}
  name: west
users:
- name: west-user
  user:
    token: "abc"
`);
    expect(access).toMatchObject({
      server: "https://west.test",
      ca: pem("CERTIFICATE"),
      namespace: "apps",
    });
    expect(await access.credentials()).toEqual({ token: "abc" });
  });

  test("how TLS is to be", async () => {
    const cluster = { "tls-server-name": "kube.internal", "insecure-skip-tls-verify": true };
    expect(await read(kubeConfig({ cluster }))).toMatchObject({
      serverName: "kube.internal",
      insecure: true,
    });
  });

  test.each([["true"], [1], [null], [{}]])(
    "%j is no leave to skip the check of the server",
    async (value) => {
      const cluster = { "insecure-skip-tls-verify": value };
      expect((await read(kubeConfig({ cluster }))).insecure).toBe(false);
    },
  );

  test.each([
    ["https://kube.test/", "https://kube.test"],
    ["https://kube.test/k8s/clusters/c-1", "https://kube.test/k8s/clusters/c-1"],
    ["https://kube.test/k8s///", "https://kube.test/k8s"],
    ["https://[fd00::1]:6443", "https://[fd00::1]:6443"],
    ["http://127.0.0.1:8001", "http://127.0.0.1:8001"],
  ])("the server %s", async (server, wanted) => {
    expect((await read(kubeConfig({ cluster: { server } }))).server).toBe(wanted);
  });

  test("has several contexts, of which the current one counts unless another is named", async () => {
    const config = {
      ...kubeConfig(),
      contexts: [
        { name: "main", context: { cluster: "main", user: "main" } },
        null,
        { name: "other", context: { cluster: "second", user: "second", namespace: "far" } },
      ],
      clusters: [
        { name: "main", cluster: { server: "https://one.test" } },
        { name: "second", cluster: { server: "https://two.test" } },
      ],
      users: [
        { name: "main", user: { token: "one" } },
        { name: "second", user: { token: "two" } },
      ],
    };
    expect(await read(config)).toMatchObject({ server: "https://one.test", namespace: "default" });
    const other = await read(config, "other");
    expect(other).toMatchObject({ server: "https://two.test", namespace: "far" });
    expect(await other.credentials()).toEqual({ token: "two" });
  });
});

describe("several kubeconfigs joined as in PATH", () => {
  test("the first that has a part gives it, with paths from its own folder", async () => {
    folder.write("b/ca.pem", pem("CERTIFICATE"));
    folder.write("c/token", "from c");
    const a = folder.write("a/config", { "current-context": "main", contexts: [], users: null });
    const b = folder.write("b/config", {
      ...kubeConfig({ cluster: { "certificate-authority": "ca.pem" }, context: { namespace: "of-b" } }),
      "current-context": "not-this",
      users: [],
    });
    const c = folder.write(
      "c/config",
      kubeConfig({ cluster: { server: "https://never.test" }, user: { tokenFile: "token" } }),
    );
    const access = await readKubeConfig([a, b, c].join(":"));
    expect(access).toMatchObject({
      server: "https://kube.test:6443",
      ca: pem("CERTIFICATE"),
      namespace: "of-b",
    });
    expect(await access.credentials()).toEqual({ token: "from c" });
  });

  test("those that are not there are passed over, as long as one is", async () => {
    const file = folder.write("config", kubeConfig());
    const missing = join(folder.path, "missing");
    expect(await readKubeConfig(`${missing}::${file}:${missing}:`)).toMatchObject({ namespace: "default" });
    await expect(readKubeConfig(`${missing}:${missing}2`)).rejects.toThrow(
      /^cannot read the kubeconfig from .*missing2 \(ENOENT\)$/,
    );
    await expect(readKubeConfig(":")).rejects.toThrow("KUBECONFIG names no file");
  });

  test("one that cannot be understood is not passed over", async () => {
    const [good, bad] = [folder.write("good", kubeConfig()), folder.write("bad", "{")];
    await expect(readKubeConfig(`${good}:${bad}`)).rejects.toThrow(`${bad} is no valid YAML`);
    await expect(readKubeConfig(`${good}:${folder.path}`)).rejects.toThrow(/\(EISDIR\)$/);
  });

  test("a missing part is told with all of them", async () => {
    const [a, b] = [folder.write("a", kubeConfig()), folder.write("b", kubeConfig())];
    await expect(readKubeConfig(`${a}:${b}`, "east")).rejects.toThrow(
      `${a}:${b} has no context named "east"`,
    );
  });
});

describe("what is wrong with it is told", () => {
  const without = (field: string) => ({ ...kubeConfig(), [field]: undefined });
  const user = (fields: object) => kubeConfig({ user: { ...fields } });
  test.each<[string, unknown, string]>([
    ["nothing in it", "", "FILE is no kubeconfig"],
    ["a text", "hello", "FILE is no kubeconfig"],
    ["no YAML", "a: 1\nusers: [\nb: {", "FILE is no valid YAML; see line "],
    [
      "no context is current",
      without("current-context"),
      "FILE has no current context; name one under current-context",
    ],
    ["no contexts", without("contexts"), 'FILE has no context named "main"'],
    [
      "contexts that are no list",
      { ...kubeConfig(), contexts: { main: {} } },
      'FILE has no context named "main"',
    ],
    ["no clusters", without("clusters"), 'FILE has no cluster named "main"'],
    ["no users", without("users"), 'FILE has no user named "main"'],
    [
      "an empty user",
      { ...kubeConfig(), users: [{ name: "main", user: null }] },
      'FILE has no user named "main"',
    ],
    [
      "a context without a cluster",
      kubeConfig({ context: { cluster: undefined } }),
      'FILE has no cluster named ""',
    ],
    ["a context without a user", kubeConfig({ context: { user: 7 } }), 'FILE has no user named ""'],
    ["no server", kubeConfig({ cluster: { server: "" } }), 'FILE names no server for cluster "main"'],
    [
      "a server that is no URL",
      kubeConfig({ cluster: { server: "kube.test" } }),
      'FILE: the server of cluster "main" must begin with https:// or http://',
    ],
    [
      "a server without a scheme",
      kubeConfig({ cluster: { server: "localhost:8080" } }),
      'FILE: the server of cluster "main" must begin with https:// or http://',
    ],
    [
      "an authority that is no PEM",
      kubeConfig({ cluster: { "certificate-authority-data": "AAAA" } }),
      "FILE: certificate-authority-data is no PEM in base64",
    ],
    [
      "an authority that is not there",
      kubeConfig({ cluster: { "certificate-authority": "gone.pem" } }),
      "cannot read the certificate-authority from FOLDER/gone.pem (ENOENT)",
    ],
    [
      "an authority in a file that is no PEM",
      kubeConfig({ cluster: { "certificate-authority": "config" } }),
      "FILE: config holds no PEM",
    ],
    [
      "a certificate without a key",
      user({ "client-certificate": "a.pem" }),
      "FILE: a user needs both client-certificate and client-key, or neither",
    ],
    [
      "a key without a certificate",
      user({ "client-key-data": "AAAA" }),
      "FILE: a user needs both client-certificate and client-key, or neither",
    ],
    [
      "a password",
      user({ username: "a", password: "b" }),
      "FILE: a user with username cannot be used; give it a token or exec",
    ],
    [
      "an auth provider",
      user({ "auth-provider": { name: "oidc" } }),
      "FILE: a user with auth-provider cannot be used; give it a token or exec",
    ],
    [
      "an exec without a command",
      user({ exec: { apiVersion: "v1" } }),
      "FILE: a user's exec names no command",
    ],
    ["an exec that is a text", user({ exec: "aws" }), "FILE: a user's exec names no command"],
  ])("%s", async (_name, content, wanted) => {
    const said = await read(content).then(
      () => "it was taken",
      (thrown: Error) => thrown.message,
    );
    const plain = said.replaceAll(join(folder.path, "config"), "FILE").replaceAll(folder.path, "FOLDER");
    expect(plain.startsWith(wanted), plain).toBe(true);
  });

  test("a token is not quoted, wherever the YAML breaks", async () => {
    const source = "users:\n- name: main\n  user:\n    token: s3cret\n";
    for (const broken of [
      `${source}   x: {`,
      source.replace("token: s3", "token: s3: s3"),
      `${source}\t: s3cret`,
      `%${source}`,
      source.replace("s3cret", '"s3cret'),
    ]) {
      const said = await read(broken).then(
        () => "it was taken",
        (thrown: Error) => `${thrown.message} ${String(thrown.cause)}`,
      );
      expect(said).not.toContain("s3");
    }
  });

  test("whatever the file holds, it is an access or an error", async () => {
    const names = fc.constantFrom("contexts", "clusters", "users", "current-context");
    await fc.assert(
      fc.asyncProperty(names, fc.jsonValue(), async (name, value) => {
        const outcome = await read({ ...kubeConfig(), [name]: value }).catch((thrown: unknown) => thrown);
        if (outcome instanceof Error) expect(outcome.message).toMatch(/kubeconfig|has no|names no/);
        else expect(outcome).toMatchObject({ server: "https://kube.test:6443" });
        expect(outcome).not.toBeInstanceOf(TypeError);
      }),
      { numRuns: 60 },
    );
  });
});

describe("within a pod", () => {
  const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443" };
  const account = () => {
    folder.write("ca.crt", pem("CERTIFICATE"));
    folder.write("namespace", "apps\n");
    folder.write("token", "one\n");
  };

  test("the service account's files", async () => {
    account();
    const { credentials, ...access } = await readInClusterAccess(env, folder.path);
    expect(access).toEqual({
      server: "https://10.0.0.1:6443",
      ca: pem("CERTIFICATE"),
      serverName: undefined,
      insecure: false,
      namespace: "apps",
    });
    expect(await credentials()).toEqual({ token: "one" });
  });

  test.each([
    [{ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" }, "https://[fd00::1]:443"],
    [{ KUBERNETES_SERVICE_HOST: "10.0.0.1" }, "https://10.0.0.1:443"],
    [{ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "" }, "https://10.0.0.1:443"],
  ])("%j", async (given, server) => {
    account();
    expect((await readInClusterAccess(given, folder.path)).server).toBe(server);
  });

  test("the token is read anew after a minute, and at once when it is refused", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      account();
      const { credentials } = await readInClusterAccess(env, folder.path);
      expect(await credentials()).toEqual({ token: "one" });
      folder.write("token", "two");
      vi.setSystemTime(Date.now() + 59_000);
      const kept = await credentials();
      expect(kept).toEqual({ token: "one" });
      expect(await credentials(kept)).toEqual({ token: "two" });
      folder.write("token", "three");
      vi.setSystemTime(Date.now() + 60_000);
      expect(await credentials()).toEqual({ token: "three" });
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    ["ca.crt", /^cannot read the authority of the pod's service account from .*ca\.crt \(ENOENT\)$/],
    ["namespace", /^cannot read the pod's namespace from .*namespace \(ENOENT\)$/],
  ])("without %s", async (name, wanted) => {
    account();
    rmSync(join(folder.path, name));
    await expect(readInClusterAccess(env, folder.path)).rejects.toThrow(wanted);
  });

  test("outside of one, it is told how to reach a cluster", async () => {
    await expect(readInClusterAccess({}, folder.path)).rejects.toThrow(/no pod; set KUBECONFIG/);
  });

  test("counts when no kubeconfig is named", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "");
    try {
      await expect(openKubeAccess(undefined)).rejects.toThrow(/no pod; set KUBECONFIG/);
      await expect(openKubeAccess("")).rejects.toThrow(/no pod; set KUBECONFIG/);
      expect(await openKubeAccess(folder.write("config", kubeConfig()))).toMatchObject({
        namespace: "default",
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
