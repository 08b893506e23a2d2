import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openKubeAccess, readInClusterAccess, readKubeConfig } from "./kube-config.ts";

const folder = mkdtempSync(join(tmpdir(), "conifer-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: string, name = `config-${++files}`): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

const YAML = `
apiVersion: v1
kind: Config
current-context: first
contexts:
- name: first
  context: {cluster: one, user: certified, namespace: apps}
- name: second
  context: {cluster: two, user: token}
- name: broken
  context: {cluster: three, user: token}
clusters:
- name: one
  cluster:
    server: https://192.0.2.1:6443/
    certificate-authority-data: ${base64("authority")}
    tls-server-name: api.test
- name: two
  cluster: {server: "http://192.0.2.2/proxy", certificate-authority: ca.pem, insecure-skip-tls-verify: true}
users:
- name: certified
  user: {client-certificate-data: ${base64("cert")}, client-key-data: ${base64("key")}}
- name: token
  user: {token: abc}
`;

describe("a kubeconfig", () => {
  test("is read as YAML, with what stands in it", async () => {
    const access = await readKubeConfig(write(YAML));
    expect(access).toMatchObject({
      server: "https://192.0.2.1:6443",
      ca: "authority",
      serverName: "api.test",
      insecure: false,
      namespace: "apps",
    });
    expect(await access.credentials()).toEqual({ certificate: { cert: "cert", key: "key" } });
  });

  test("is read with files beside it, for another context", async () => {
    write("from a file", "ca.pem");
    const access = await readKubeConfig(write(YAML), "second");
    expect(access).toMatchObject({
      server: "http://192.0.2.2/proxy",
      ca: "from a file",
      insecure: true,
      namespace: "default",
    });
    expect(await access.credentials()).toEqual({ token: "abc" });
  });

  test.each([
    ["an unknown context", YAML, "nowhere", /has no context named "nowhere"/],
    ["a cluster that is missing", YAML, "broken", /has no cluster named "three"/],
    ["no context at all", "{}", undefined, /has no current context/],
    ["nothing", "", undefined, /is no kubeconfig/],
    ["a text", "hello", undefined, /is no kubeconfig/],
    [
      "no server",
      '{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"b","user":"c"}}],' +
        '"clusters":[{"name":"b","cluster":{}}],"users":[{"name":"c","user":{}}]}',
      undefined,
      /names no server for b/,
    ],
  ])("says what is wrong: %s", async (_what, content, context, message) => {
    await expect(readKubeConfig(write(content), context)).rejects.toThrow(message);
  });

  test("a token's file is read again when it was renewed", async () => {
    write("one\n", "token");
    const content = YAML.replace("{token: abc}", "{tokenFile: token}");
    const access = await readKubeConfig(write(content), "second");
    expect(await access.credentials()).toEqual({ token: "one" });
    write("two\n", "token");
    expect(await access.credentials()).toEqual({ token: "one" });
  });
});

describe("a program that prints a credential", () => {
  const config = (program: string) =>
    write(
      YAML.replace(
        "{token: abc}",
        `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./${program}, args: [a b], env: [{name: SALT, value: s}]}}`,
      ),
    );
  const script = (name: string, body: string) => {
    chmodSync(write(`#!/bin/sh\n${body}\n`, name), 0o755);
    return config(name);
  };

  test("is run with its arguments and environment, once while its credential holds", async () => {
    const file = script(
      "print",
      `echo x >> ${folder}/calls; echo '{"status":{"token":"'"$1-$SALT"'","expirationTimestamp":"2999-01-01T00:00:00Z"}}'`,
    );
    const access = await readKubeConfig(file, "second");
    const both = await Promise.all([access.credentials(), access.credentials()]);
    expect(both).toEqual([{ token: "a b-s" }, { token: "a b-s" }]);
    await access.credentials();
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe("x\n");
  });

  test("is run again when its credential has ended", async () => {
    const file = script(
      "expired",
      `echo x >> ${folder}/again; echo '{"status":{"token":"t'$(wc -l < ${folder}/again)'","expirationTimestamp":"2000-01-01T00:00:00Z"}}'`,
    );
    const access = await readKubeConfig(file, "second");
    expect(await access.credentials()).toEqual({ token: "t1" });
    expect(await access.credentials()).toEqual({ token: "t2" });
  });

  test("may print a certificate", async () => {
    const file = script("certify", `echo '{"status":{"clientCertificateData":"c","clientKeyData":"k"}}'`);
    const access = await readKubeConfig(file, "second");
    expect(await access.credentials()).toEqual({ certificate: { cert: "c", key: "k" } });
  });

  test.each([
    ["fails", "echo no luck >&2; exit 3", /no luck/],
    ["prints nothing of use", "echo '{}'", /printed no credential/],
    ["prints no JSON", "echo hello", /JSON/],
  ])("that %s is told of, and tried again the next time", async (name, body, message) => {
    const access = await readKubeConfig(script(name.replaceAll(" ", "-"), body), "second");
    await expect(access.credentials()).rejects.toThrow(message);
    await expect(access.credentials()).rejects.toThrow(message);
  });
});

describe("in a pod", () => {
  test("the service account is used", async () => {
    write("authority", "ca.crt");
    write("conifer-system\n", "namespace");
    write("secret-token\n", "token");
    const access = await readInClusterAccess(
      { KUBERNETES_SERVICE_HOST: "fd98:0:2::1", KUBERNETES_SERVICE_PORT: "6443" },
      folder,
    );
    expect(access).toMatchObject({
      server: "https://[fd98:0:2::1]:6443",
      ca: "authority",
      namespace: "conifer-system",
    });
    expect(await access.credentials()).toEqual({ token: "secret-token" });
  });

  test("and outside of one the way to a cluster is named", async () => {
    await expect(readInClusterAccess({}, folder)).rejects.toThrow("set KUBECONFIG");
  });

  test("a kubeconfig that is named comes first", async () => {
    expect((await openKubeAccess(write(YAML))).server).toBe("https://192.0.2.1:6443");
  });
});
