import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const DIRECTORY = "https://ca.example.com:14000/dir";
const ASKED = {
  CONIFER_ACME_DIRECTORY: DIRECTORY,
  CONIFER_ACME_AGREE: "yes",
  CONIFER_DOMAIN: "apps.example.com",
};
const read = (more: Readonly<Record<string, string>>) => () => readConfig({ ...ASKED, ...more });

describe("certificates of an ACME server", () => {
  test("are not asked for unless the operator says so", () => {
    expect(readConfig({}).acme).toBeUndefined();
    expect(
      readConfig({ CONIFER_ACME_EMAIL: "you@example.com", CONIFER_ACME_AGREE: "yes" }).acme,
    ).toBeUndefined();
  });

  test("are asked for at a directory's address, or by a name that is known", () => {
    expect(read({})().acme).toEqual({ directory: DIRECTORY, email: undefined, binding: undefined });
    expect(read({ CONIFER_ACME_EMAIL: "you@example.com" })().acme?.email).toBe("you@example.com");
    const known = (name: string) => read({ CONIFER_ACME_DIRECTORY: name })().acme?.directory;
    expect(known("letsencrypt")).toMatch(/^https:\/\/acme-v02\./);
    expect(known("letsencrypt-staging")).toMatch(/^https:\/\/acme-staging-v02\./);
  });

  test.each([
    ["CONIFER_ACME_DIRECTORY", "http://ca.example.com/dir"],
    ["CONIFER_ACME_DIRECTORY", "https://user:secret@ca.example.com/dir"],
    ["CONIFER_ACME_DIRECTORY", "ftp://ca.example.com/dir"],
    ["CONIFER_ACME_DIRECTORY", "https://"],
    ["CONIFER_ACME_DIRECTORY", "constructor"],
    ["CONIFER_ACME_DIRECTORY", "https://ca.example.com:999999/dir"],
    ["CONIFER_ACME_EMAIL", "nobody"],
    ["CONIFER_ACME_AGREE", "maybe"],
    ["CONIFER_ACME_AGREE", ""],
    ["CONIFER_ACME_AGREE", "no"],
    ["CONIFER_DOMAIN", ""],
    ["CONIFER_DOMAIN", "Apps.Localhost"],
  ])("%s=%j is a mistake that is told by its name", (name, value) => {
    expect(read({ [name]: value })).toThrow(name);
  });

  test("may need an account that was made elsewhere", () => {
    const given = {
      CONIFER_ACME_KEY_ID: "kid-1",
      CONIFER_ACME_KEY: Buffer.alloc(32, 7).toString("base64url"),
    };
    expect(read(given)().acme?.binding).toEqual({ id: "kid-1", key: Buffer.alloc(32, 7) });
    for (const name of Object.keys(given))
      expect(read({ ...given, [name]: "" })).toThrow(`${name} is missing`);
    const wrong = read({ ...given, CONIFER_ACME_KEY: "hunter2 hunter2 hunter2" });
    expect(wrong).toThrow("CONIFER_ACME_KEY must be a key in base64url");
    expect(wrong).not.toThrow("hunter2");
  });

  test("are for one machine", () => {
    const cluster = { CONIFER_ENGINE: "kubernetes", CONIFER_REGISTRY_ADDRESS: "10.0.0.1:6450" };
    expect(read({ ...cluster, CONIFER_SYSTEM_NAMESPACE: "conifer-system" })).toThrow("for one machine");
  });

  test("and a password in the address is not repeated", () => {
    expect(read({ CONIFER_ACME_DIRECTORY: "https://user:hunter2@ca.example.com/dir" })).not.toThrow(
      "hunter2",
    );
  });
});
