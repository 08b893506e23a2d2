import { expect, test } from "vitest";
import { makeHome } from "./home.ts";

test("keys that somebody else has made are in a folder of their own; all else stays at home", () => {
  const [own, given] = [makeHome("/home"), makeHome("/home", "/etc/conifer/keys")];
  expect(given).toEqual({
    ...own,
    keys: "/etc/conifer/keys",
    caFile: "/etc/conifer/keys/ca.pem",
    secretFile: "/etc/conifer/keys/secret",
  });
  expect([own.keys, own.caFile, own.secretFile]).toEqual(["/home/keys", "/home/ca.pem", "/home/run/secret"]);
});
