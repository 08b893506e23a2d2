import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../../shared/buildpack-fixtures.ts";
import { baseJdks } from "./base-jdks.ts";
import { trustStore } from "./trust-store.ts";

// Certificates that Node.js itself carries stand in for a machine's bundle.
const { rootCertificates } = await import("node:tls");
const BUNDLE = rootCertificates.slice(0, 5).join("\n");

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("a store of certificates for Java", () => {
  it("begins as JKS does, counts its entries, and ends with the digest over them", () => {
    const store = trustStore(BUNDLE) ?? Buffer.alloc(0);
    expect([store.readUInt32BE(0), store.readUInt32BE(4), store.readUInt32BE(8)]).toEqual([0xfeedfeed, 2, 5]);
    const password = Buffer.from("\0c\0h\0a\0n\0g\0e\0i\0t", "latin1");
    const sum = createHash("sha1")
      .update(password)
      .update("Mighty Aphrodite")
      .update(store.subarray(0, -20))
      .digest();
    expect(store.subarray(-20).equals(sum)).toBe(true);
  });

  it("is the same for the same bundle, whatever is between its certificates", () => {
    const other = rootCertificates.slice(0, 5).join("\n# a comment\nnot a certificate\n");
    expect(
      trustStore(`${other}\n${rootCertificates[0]}`)?.equals(trustStore(BUNDLE) ?? Buffer.alloc(0)),
    ).toBe(true);
  });

  it("is none where there is no certificate that can be read", () => {
    expect(trustStore("")).toBeUndefined();
    expect(trustStore("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")).toBeUndefined();
  });

  it("is opened by a JDK", async ({ skip }) => {
    const [jdk] = await baseJdks();
    if (jdk === undefined) return skip("there is no JDK below /usr/lib/jvm");
    const file = path.join(folder.at, "trust.jks");
    await writeFile(file, trustStore(BUNDLE) ?? "");
    const args = ["-list", "-keystore", file, "-storepass", "changeit"];
    const listed = spawnSync(path.join(jdk.home, "bin", "keytool"), args, { encoding: "utf8" });
    expect(listed.stdout).toContain("5 entries");
  });
});

describe("the base's JDKs", () => {
  it("are those with a compiler and a readable release, each once", async () => {
    const { writeFiles } = await import("../../shared/buildpack-fixtures.ts");
    const { symlink } = await import("node:fs/promises");
    await writeFiles(folder.at, {
      ...{ "jvm/b/bin/javac": "", "jvm/b/release": 'IMPLEMENTOR="x"\nJAVA_VERSION="17.0.9"\n' },
      ...{ "jvm/a/bin/javac": "", "jvm/a/release": 'JAVA_VERSION="1.8.0_392"\n' },
      ...{
        "jvm/jre/release": 'JAVA_VERSION="21.0.1"\n',
        "jvm/odd/bin/javac": "",
        "jvm/odd/release": "JAVA_VERSION=x\n",
      },
    });
    await symlink("b", path.join(folder.at, "jvm", "default"));
    const found = await baseJdks(path.join(folder.at, "jvm"));
    expect(found.map(({ home, version }) => [path.basename(home), version.text])).toEqual([
      ["a", "1.8.0_392"],
      ["b", "17.0.9"],
    ]);
    expect(await baseJdks(path.join(folder.at, "none"))).toEqual([]);
  });

  it.skipIf(!existsSync("/etc/ssl/certs/ca-certificates.crt"))(
    "have this machine's bundle as a store",
    async () => {
      const bundle = await readFile("/etc/ssl/certs/ca-certificates.crt", "utf8");
      expect(trustStore(bundle)?.readUInt32BE(8)).toBeGreaterThan(1);
    },
  );
});
