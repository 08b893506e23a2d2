import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSigningKey, publishKey, readPublicKey } from "./signing-key.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(curve: string | undefined): { readonly file: string; readonly pub: string } {
  const pair =
    curve === undefined ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: curve });
  const [file, pub] = [join(folder, "key.pem"), join(folder, "key.pub")];
  writeFileSync(file, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(pub, pair.publicKey.export({ type: "spki", format: "pem" }));
  return { file, pub };
}

describe("the key that images are signed with", () => {
  it("is made once, for its owner's eyes only", async () => {
    const cache = join(folder, "cache");
    const keys = await Promise.all(Array.from({ length: 4 }, () => openSigningKey(cache, undefined)));
    const later = await openSigningKey(cache, "");
    expect(new Set([...keys, later].map(({ id }) => id)).size).toBe(1);
    expect(readdirSync(cache)).toEqual(["signing-key.pem"]);
    expect(statSync(join(cache, "signing-key.pem")).mode & 0o777).toBe(0o600);
  });

  it("is the operator's where there is one", async () => {
    const { file, pub } = put("prime256v1");
    const key = await openSigningKey(folder, file);
    expect(readdirSync(folder).sort()).toEqual(["key.pem", "key.pub"]);
    const published = await publishKey(folder, key);
    expect(readFileSync(published, "utf8")).toBe(readFileSync(pub, "utf8"));
    expect((await readPublicKey(published)).equals(await readPublicKey(pub))).toBe(true);
  });

  it.each([
    ["of another curve", () => put("secp384r1").file],
    ["of another kind", () => put(undefined).file],
    ["that is public", () => put("prime256v1").pub],
  ])("is none %s", async (_, make) => {
    const file = make();
    await expect(openSigningKey(folder, file)).rejects.toThrow(
      /no private key of the curve P-256.*openssl genpkey/,
    );
    await expect(openSigningKey(folder, file)).rejects.toMatchObject({ failure: "usage" });
  });

  it("is not quoted when it cannot be understood", async () => {
    const file = join(folder, "odd");
    writeFileSync(file, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    await expect(openSigningKey(folder, file)).rejects.not.toThrow("c2VjcmV0");
    await expect(openSigningKey(folder, join(folder, "gone"))).rejects.toThrow(/cannot be read: ENOENT/);
  });
});

describe("the key that signatures are checked with", () => {
  it.each([
    ["of another curve", () => put("secp384r1").pub],
    ["of another kind", () => put(undefined).pub],
  ])("is none %s", async (_, make) => {
    await expect(readPublicKey(make())).rejects.toThrow("no public key of the curve P-256");
  });

  it("must be there", async () => {
    await expect(readPublicKey(join(folder, "gone"))).rejects.toMatchObject({ failure: "usage" });
  });
});
