import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { isEnvelopeOf, makeEnvelope, preAuthEncoding } from "./dsse-envelope.ts";

const makeKey = () => ({ ...generateKeyPairSync("ec", { namedCurve: "prime256v1" }), id: "key" });
const key = makeKey();
const envelope = makeEnvelope("application/x", Buffer.from("text"), key);

it("signs type and text with their lengths, as the protocol's example has it", () => {
  expect(preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe(
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  );
  expect(preAuthEncoding("é", Buffer.from("é")).toString()).toBe("DSSEv1 2 é 2 é");
});

it("is good for its key, type and text only", () => {
  expect(envelope).toMatchObject({
    payloadType: "application/x",
    payload: "dGV4dA==",
    signatures: [{ keyid: "key" }],
  });
  expect(isEnvelopeOf(envelope, key.publicKey)).toBe(true);
  expect(isEnvelopeOf(envelope, makeKey().publicKey)).toBe(false);
  expect(isEnvelopeOf({ ...envelope, payloadType: "application/y" }, key.publicKey)).toBe(false);
  expect(isEnvelopeOf({ ...envelope, payload: "dGV4" }, key.publicKey)).toBe(false);
  expect(isEnvelopeOf({ ...envelope, signatures: [] }, key.publicKey)).toBe(false);
});

it("needs one good signature among others", () => {
  const others = [{ keyid: "key", sig: "" }, { keyid: "other", sig: "bm9uc2Vuc2U=" }, ...envelope.signatures];
  expect(isEnvelopeOf({ ...envelope, signatures: others }, key.publicKey)).toBe(true);
});
