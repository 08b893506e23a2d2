import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "../image/index.ts";
import { judgeSignatures, refusalText } from "./admit-image.ts";
import { makePayload, signPayload } from "./image-signature.ts";

const makeKey = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const [ours, before, theirs] = [makeKey(), makeKey(), makeKey()];
const keys = new Map([
  ["ours", ours.publicKey],
  ["before", before.publicKey],
]);
const image = digestOf("image");

function signed(digest: string, key: typeof ours) {
  const payload = makePayload("apps/a", digest);
  return { signature: { payload: payload.toString("base64"), value: signPayload(payload, key) } };
}
const unsigned = { signature: null };
const nonsense = { signature: { payload: "%%%", value: "" } };

describe("an image", () => {
  it.each([
    ["by this installation's key", [signed(image, ours)], { kind: "verified", keyId: "ours" }],
    ["by a key it had before", [signed(image, before)], { kind: "verified", keyId: "before" }],
    [
      "by others and by us",
      [nonsense, signed(image, theirs), signed(image, ours)],
      { kind: "verified", keyId: "ours" },
    ],
    ["by nobody", [], { kind: "refused", why: "it is not signed" }],
    ["by a bill of materials", [unsigned], { kind: "refused", why: "it is not signed" }],
    [
      "by somebody else",
      [signed(image, theirs)],
      { kind: "refused", why: expect.stringContaining("not made by") },
    ],
    [
      "for another image",
      [signed(digestOf("x"), ours)],
      { kind: "refused", why: expect.stringContaining("not made by") },
    ],
    ["with nonsense", [nonsense], { kind: "refused", why: expect.stringContaining("not made by") }],
  ])("signed %s", (_, attestations, verdict) => {
    expect(judgeSignatures(image, attestations, keys)).toEqual(verdict);
  });
});

it("that may not start is told with what to do", () => {
  expect(refusalText("it is not signed")).toBe(
    "The image may not start, since it is not signed, and this installation starts signed images only. Push the code again " +
      "to have it built and signed, or ask the operator (CONIFER_SIGNED_IMAGES).",
  );
});
