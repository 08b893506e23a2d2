import { describe, expect, it, test } from "vitest";
import { loginFor, readPullCredentials } from "./pull-credentials.ts";

const entry = (user: string, password: string) => ({
  auth: Buffer.from(`${user}:${password}`).toString("base64"),
});
const read = (auths: object) => readPullCredentials(JSON.stringify({ auths, credsStore: "desktop" }));

describe("a file of credentials", () => {
  const credentials = read({
    "https://index.docker.io/v1/": entry("hub", "a:b"),
    "registry.corp:5000": { username: "all", password: "1" },
    "registry.corp:5000/builders": entry("builders", "2"),
    "registry.corp:5000/builders/secret": entry("secret", "3"),
    "only.corp/builders": entry("narrow", "4"),
  });

  test.each([
    ["docker.io", "heroku/builder", "hub"],
    ["registry.corp:5000", "app", "all"],
    ["registry.corp:5000", "builders", "builders"],
    ["registry.corp:5000", "builders/java", "builders"],
    ["registry.corp:5000", "builders/secret/x", "secret"],
    ["registry.corp:5000", "builders-other/java", "all"],
    ["only.corp", "builders/java", "narrow"],
    ["only.corp", "apps/wages", undefined],
    ["registry.corp", "builders", undefined],
    ["evil-registry.corp:5000", "builders", undefined],
  ])("opens of %s the repository %s for %s", (registry, repository, user) => {
    expect(loginFor(credentials, registry, repository)?.username).toBe(user);
  });

  it("takes all after the first colon as password", () => {
    expect(loginFor(credentials, "docker.io", "x")?.password).toBe("a:b");
    expect(loginFor(undefined, "docker.io", "x")).toBeUndefined();
  });
});

test.each([
  ["nonsense s3cret", "it is not JSON"],
  ["[]", 'it has no object "auths"'],
  ['{"auths":[]}', 'it has no object "auths"'],
  ['{"auths":{"a b":{"auth":"czNjcmV0"}}}', '"a b" names no registry'],
  ['{"auths":{"a.test":{"auth":"czNjcmV0"}}}', 'the entry of "a.test" has neither'],
  ['{"auths":{"a.test":null}}', "credential helpers are not asked"],
  ['{"auths":{"a.test":{"identitytoken":"s3cret"}}}', "is an identity token"],
])("of %s it is told what is wrong, and no secret", (text, message) => {
  const reading = () => readPullCredentials(text);
  expect(reading).toThrow(message);
  expect(reading).not.toThrow(/s3cret|czNjcmV0/);
});
