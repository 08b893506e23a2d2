import { createVerify, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf, MEDIA } from "../image/index.ts";
import {
  isSignatureOf,
  makePayload,
  signatureConfig,
  signatureManifest,
  signatureTag,
  signPayload,
} from "./image-signature.ts";

const digest = digestOf("image");
const testKey = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const key = testKey();
const payload = makePayload("registry.example.com/a", digest);
const signature = signPayload(payload, key);

describe("a signature", () => {
  it("is of a payload that names the image", () => {
    expect(JSON.parse(payload.toString())).toEqual({
      critical: {
        identity: { "docker-reference": "registry.example.com/a" },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional: null,
    });
  });

  it("is ECDSA of SHA-256, as other programs check it", () => {
    const check = createVerify("SHA256").update(payload);
    expect(check.verify(key.publicKey, signature, "base64")).toBe(true);
  });

  it.each([
    ["of another image", digestOf("other"), payload, signature],
    ["by nobody", digest, payload, ""],
    ["of nonsense", digest, payload, "bm9uc2Vuc2U="],
    ["of another payload", digest, makePayload("registry.example.com/b", digest), signature],
  ])("is none %s", (_, of, signed, text) => {
    expect(isSignatureOf(of, { payload: signed, signature: text }, key.publicKey)).toBe(false);
  });

  it("is good for its image and its key, and for no other key", () => {
    expect(isSignatureOf(digest, { payload, signature }, key.publicKey)).toBe(true);
    expect(isSignatureOf(digest, { payload, signature }, testKey().publicKey)).toBe(false);
  });

  it("is none of something that is no signature of images", () => {
    for (const text of ["{}", '{"critical":{"type":"x"}}', '{"critical":null}']) {
      const odd = Buffer.from(text);
      const signed = { payload: odd, signature: signPayload(odd, key) };
      expect(isSignatureOf(digest, signed, key.publicKey)).toBe(false);
    }
  });

  it("lies where it is looked for, as it is looked for", () => {
    expect(signatureTag(digest)).toBe(`sha256-${digest.slice(7)}.sig`);
    expect(signatureConfig(payload)).toMatchObject({ rootfs: { diff_ids: [digestOf(payload)] } });
    const config = { mediaType: MEDIA.config, digest: digestOf("config"), size: 6 };
    const layer = { mediaType: "application/x", digest: digestOf(payload), size: payload.length };
    expect(signatureManifest(config, layer, "c2ln")).toMatchObject({
      mediaType: MEDIA.manifest,
      layers: [{ annotations: { "dev.cosignproject.cosign/signature": "c2ln" } }],
    });
  });
});
