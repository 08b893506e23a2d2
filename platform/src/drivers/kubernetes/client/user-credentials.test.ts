import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { KubeCredentials } from "./kube-access.ts";
import { base64, type ConfigFolder, makeConfigFolder, pem } from "./kube-config-fixtures.ts";
import { tokenFile, userCredentials } from "./user-credentials.ts";

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

const of = (fields: object) =>
  userCredentials({ fields: { ...fields }, file: "config", folder: folder.path });
const [cert, key] = [pem("CERTIFICATE"), pem("PRIVATE KEY")];

describe("a user's credentials", () => {
  test.each<[string, object, KubeCredentials]>([
    ["nothing", {}, {}],
    ["a token", { token: "t" }, { token: "t" }],
    ["an empty token", { token: "" }, {}],
    ["a token file before a token", { token: "t", tokenFile: "token" }, { token: "of the file" }],
    [
      "a certificate in the document",
      { "client-certificate-data": base64(cert), "client-key-data": base64(key) },
      { certificate: { cert, key } },
    ],
    [
      "a certificate in files, and a token",
      { "client-certificate": "tls/cert.pem", "client-key": "tls/key.pem", token: "t" },
      { token: "t", certificate: { cert, key } },
    ],
    [
      "what stands in the document counts before the file",
      { "client-certificate": "gone", "client-certificate-data": base64(cert), "client-key": "tls/key.pem" },
      { certificate: { cert, key } },
    ],
  ])("%s", async (_name, fields, wanted) => {
    folder.write("token", "  of the file\n");
    folder.write("tls/cert.pem", cert);
    folder.write("tls/key.pem", key);
    expect(await of(fields)()).toEqual(wanted);
  });

  test("a path from the root is taken as it is", async () => {
    expect(await of({ tokenFile: folder.write("deep/token", "t") })()).toEqual({ token: "t" });
  });

  test("a certificate in files is read anew after a minute, and when it is refused", async () => {
    folder.write("cert.pem", cert);
    folder.write("key.pem", key);
    const credentials = of({ "client-certificate": "cert.pem", "client-key": "key.pem" });
    const first = await credentials();
    const next = pem("NEXT CERTIFICATE");
    folder.write("cert.pem", next);
    expect(await credentials()).toBe(first);
    expect(await credentials(first)).toEqual({ certificate: { cert: next, key } });
    folder.write("cert.pem", cert);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await credentials()).toEqual(first);
  });

  test("a certificate that is not there yet is looked for again", async () => {
    folder.write("key.pem", key);
    const credentials = of({ "client-certificate": "cert.pem", "client-key": "key.pem" });
    await expect(credentials()).rejects.toThrow(
      `cannot read the client-certificate from ${join(folder.path, "cert.pem")} (ENOENT)`,
    );
    folder.write("cert.pem", cert);
    expect(await credentials()).toEqual({ certificate: { cert, key } });
  });

  test("a key that is no PEM is named, not quoted", async () => {
    folder.write("cert.pem", cert);
    const credentials = of({ "client-certificate": "cert.pem", "client-key-data": base64("hunter2") });
    await expect(credentials()).rejects.toThrow("config: client-key-data is no PEM in base64");
  });
});

describe("a token file", () => {
  test("that is missing or empty says so, and is read again as soon as it is whole", async () => {
    const file = join(folder.path, "token");
    const credentials = tokenFile(file);
    await expect(credentials()).rejects.toThrow(`cannot read the token from ${file} (ENOENT)`);
    folder.write("token", " \n");
    await expect(credentials()).rejects.toThrow(`the token file ${file} is empty`);
    folder.write("token", "t");
    expect(await credentials()).toEqual({ token: "t" });
  });

  test("that vanishes is noticed when its time is over", async () => {
    const file = folder.write("token", "t");
    const credentials = tokenFile(file);
    await credentials();
    rmSync(file);
    expect(await credentials()).toEqual({ token: "t" });
    vi.setSystemTime(Date.now() + 60_000);
    await expect(credentials()).rejects.toThrow("ENOENT");
  });
});
