import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MasterKey } from "../../kernel/index.ts";
import {
  checkCredential,
  checkToken,
  dockerConfigJson,
  EPOCH_MS,
  issuePullCredential,
  issuePushCredential,
  issueToken,
  registryKeys,
  TOKEN_SECONDS,
} from "./registry-credentials.ts";
import { repository } from "./registry-fixtures.ts";

const master = (current: number, ...versions: number[]): MasterKey => ({
  current,
  keys: new Map(versions.map((version) => [version, Buffer.alloc(32, version)])),
});
const keys = registryKeys(master(1, 1));
const EPOCH = 700;
const at = (ms: number) => new Date(EPOCH * EPOCH_MS + ms);
const DAY_MS = 24 * 60 * 60 * 1000;

describe("a space's credential", () => {
  const made = issuePullCredential("team", at(DAY_MS), keys);

  test("is the same all epoch long, and another in the next", () => {
    expect(issuePullCredential("team", at(EPOCH_MS - 1), keys)).toEqual(made);
    expect(issuePullCredential("team", at(EPOCH_MS), keys).password).not.toBe(made.password);
    expect(issuePullCredential("other", at(DAY_MS), keys).password).not.toBe(made.password);
    expect(made).toMatchObject({ username: "space+team", renewAt: at(EPOCH_MS), expires: at(2 * EPOCH_MS) });
  });

  test.each([
    ["in its epoch", 0, true],
    ["at the end of its epoch", EPOCH_MS - 1, true],
    ["in the next one", EPOCH_MS, true],
    ["at the end of the next one", 2 * EPOCH_MS - 1, true],
    ["after that", 2 * EPOCH_MS, false],
    ["by a clock that is a minute behind", -60_000, true],
    ["by a clock that is an hour behind", -3_600_000, false],
  ])("%s", (_when, ms, good) => {
    const found = checkCredential(made, at(ms), keys);
    expect(found).toEqual(good ? { kind: "space", space: "team", expires: made.expires } : undefined);
  });

  test("is two at a time: old and new are both good right after the turn", () => {
    const next = issuePullCredential("team", at(EPOCH_MS), keys);
    for (const one of [made, next]) expect(checkCredential(one, at(EPOCH_MS + 1), keys)?.kind).toBe("space");
  });

  test("cannot be made for what is no space's name", () => {
    for (const space of ["", "a/b", "A", "..", "a\nb"])
      expect(() => issuePullCredential(space, at(0), keys)).toThrow("cannot be a space's name");
  });
});

describe("a build's credential", () => {
  const until = at(3_600_500);
  const made = issuePushCredential(repository("team/app"), until, keys);

  test("is for one repository, until its time", () => {
    const wanted = { kind: "build", repository: repository("team/app"), expires: at(3_600_000) };
    expect(checkCredential(made, at(0), keys)).toEqual(wanted);
    expect(checkCredential(made, at(3_599_999), keys)).toEqual(wanted);
    expect(checkCredential(made, at(3_600_000), keys)).toBeUndefined();
  });

  test("cannot be made for what is no repository", () => {
    expect(() => issuePushCredential({ space: "a", name: "../b" }, until, keys)).toThrow("cannot be");
  });
});

describe("what is not ours is nobody's", () => {
  const pull = issuePullCredential("team", at(0), keys);
  const push = issuePushCredential(repository("team/app"), at(60_000), keys);
  const [version, when, mac] = push.password.split(".");

  test.each([
    ["nothing", { username: "", password: "" }],
    ["another space's name", { ...pull, username: "space+other" }],
    ["a build's password for a space", { ...push, username: "space+team" }],
    ["a space's password for a build", { ...pull, username: "build+team/app" }],
    ["another repository", { ...push, username: "build+team/app2" }],
    ["a longer life", { ...push, password: `${version}.${Number(when) + 1}.${mac}` }],
    ["another key's version", { ...push, password: `2.${when}.${mac}` }],
    ["a time written otherwise", { ...push, password: `${version}.+${when}.${mac}` }],
    ["a time that is none", { ...push, password: `${version}.Infinity.${mac}` }],
    ["a time before all times", { ...push, password: `${version}.-1.${mac}` }],
    ["a part cut off", { ...push, password: push.password.slice(0, -1) }],
    ["a part put on", { ...push, password: `${push.password}A` }],
  ])("%s", (_what, given) => {
    expect(checkCredential(given, at(0), keys)).toBeUndefined();
  });

  test("nor any text, and none throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (username, password) => {
        expect(checkCredential({ username, password }, at(0), keys)).toBeUndefined();
        expect(checkToken(password, at(0), keys)).toBeUndefined();
      }),
    );
  });

  test("the key is derived: the master key itself signs nothing here", () => {
    expect(checkCredential(pull, at(0), master(1, 1))).toBeUndefined();
  });
});

describe("a new version of the master key", () => {
  const old = issuePullCredential("team", at(0), keys);

  test("leaves credentials of the old one good as long as that is kept", () => {
    const both = registryKeys(master(2, 1, 2));
    expect(checkCredential(old, at(0), both)?.kind).toBe("space");
    expect(issuePullCredential("team", at(0), both).password).toMatch(/^2\./);
    expect(checkCredential(old, at(0), registryKeys(master(2, 2)))).toBeUndefined();
  });
});

describe("a token", () => {
  const pull = { kind: "space", space: "team", expires: at(EPOCH_MS) } as const;

  test("has the rights of its credential, for a short time", () => {
    const { token, seconds } = issueToken(pull, at(0), keys);
    expect(seconds).toBe(TOKEN_SECONDS);
    const wanted = { ...pull, expires: at(TOKEN_SECONDS * 1000) };
    expect(checkToken(token, at(0), keys)).toEqual(wanted);
    expect(checkToken(token, at(TOKEN_SECONDS * 1000), keys)).toBeUndefined();
  });

  test("does not outlive it", () => {
    const expires = at(20_000);
    const build = { kind: "build", repository: repository("team/app"), expires } as const;
    const { token, seconds } = issueToken(build, at(0), keys);
    expect(seconds).toBe(20);
    expect(checkToken(token, at(19_000), keys)).toEqual(build);
    expect(checkToken(token, expires, keys)).toBeUndefined();
  });

  test("is no password, and a password is no token", () => {
    const { token } = issueToken(pull, at(0), keys);
    const { username, password } = issuePullCredential("team", at(0), keys);
    expect(checkCredential({ username, password: token }, at(0), keys)).toBeUndefined();
    expect(checkCredential({ username, password: token.split(".").slice(1).join(".") }, at(0), keys)).toBe(
      undefined,
    );
    expect(checkToken(password, at(0), keys)).toBeUndefined();
    const name = Buffer.from(username).toString("base64url");
    expect(checkToken(`${name}.${password}`, at(0), keys)).toBeUndefined();
    const other = Buffer.from("space+other").toString("base64url");
    expect(checkToken(token.replace(/^[^.]+/, other), at(0), keys)).toBeUndefined();
  });
});

test("the file for container engines names every host", () => {
  const credential = issuePullCredential("team", at(0), keys);
  const { username, password } = credential;
  const entry = { username, password, auth: Buffer.from(`${username}:${password}`).toString("base64") };
  expect(JSON.parse(dockerConfigJson(credential, ["10.0.0.1:6450", "registry.local"]))).toEqual({
    auths: { "10.0.0.1:6450": entry, "registry.local": entry },
  });
});

test("keys follow a master key that is rotated, and credentials of before stay good while its version is there", () => {
  const now = new Date("2026-11-22T10:00:00Z");
  const versions = new Map([[1, Buffer.alloc(32, 1)]]);
  const rotating = { current: 1, keys: versions };
  const keys = registryKeys({
    get current() {
      return rotating.current;
    },
    keys: versions,
  });
  const repository = { space: "common", name: "app" };
  const until = new Date("2026-11-22T11:00:00Z");
  const before = issuePushCredential(repository, until, keys);
  versions.set(2, Buffer.alloc(32, 2));
  rotating.current = 2;
  const after = issuePushCredential(repository, until, keys);
  expect([before, after].map(({ password }) => password.split(".")[0])).toEqual(["1", "2"]);
  for (const credential of [before, after])
    expect(checkCredential(credential, now, keys)?.kind).toBe("build");
  versions.delete(1);
  expect(checkCredential(before, now, keys)).toBeUndefined();
});
