import { expect, test } from "vitest";
import { causeText, networkTrouble, systemCode } from "./network-errors.ts";

const coded = (code: string) => Object.assign(new Error(`it says ${code}`), { code });

test.each([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "untrusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "untrusted"],
  ["CERT_HAS_EXPIRED", "untrusted"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "untrusted"],
  ["EPROTO", "no-tls"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "no-tls"],
  ["ENOTFOUND", "no-host"],
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "other"],
  ["EPROTOTYPE", "other"],
  ["EAI_AGAIN", "other"],
])("what %s means", (code, trouble) => {
  expect(networkTrouble(coded(code))).toBe(trouble);
});

test("the code of what lies below counts", () => {
  expect(systemCode(new Error("fetch failed", { cause: coded("ECONNREFUSED") }))).toBe("ECONNREFUSED");
  expect(systemCode(new AggregateError([coded("ETIMEDOUT"), coded("ECONNREFUSED")]))).toBe("ETIMEDOUT");
  expect(networkTrouble(new Error("fetch failed", { cause: new AggregateError([coded("ENOTFOUND")]) }))).toBe(
    "no-host",
  );
});

test.each([[undefined], [null], ["text"], [new Error("without a code")], [{ errors: [] }]])(
  "what has no code has none: %s",
  (thrown) => {
    expect(systemCode(thrown)).toBe("");
    expect(networkTrouble(thrown)).toBe("other");
  },
);

test("the text tells the cause too", () => {
  expect(causeText(new Error("fetch failed", { cause: coded("EPROTO") }))).toBe(
    "fetch failed (it says EPROTO)",
  );
  expect(causeText(coded("EPROTO"))).toBe("it says EPROTO");
  expect(causeText(new Error("odd", { cause: "text" }))).toBe("odd");
  expect(causeText("text")).toBe("text");
});
