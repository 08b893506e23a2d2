import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { goEnvironment, hasCompiler, isSince } from "./go-environment.ts";

const FOLDERS = { root: "/go", modules: "/m", buildCache: "/b", bin: "/bin-layer" };
const made = (env: Record<string, string> = {}, version = "1.25.1") =>
  goEnvironment({ PATH: "/usr/bin", ...env }, version, FOLDERS);

describe("the environment of go", () => {
  it("has this build's folders, and no file of the machine's user", () => {
    expect(made()).toMatchObject({
      ...{ GOPATH: "/m", GOCACHE: "/b", GOBIN: "/bin-layer", PATH: "/go/bin:/usr/bin", GOENV: "off" },
      ...{ GOTOOLCHAIN: "local", GO111MODULE: "on", GIT_TERMINAL_PROMPT: "0" },
    });
  });

  it("leaves the operator's and the app's settings", () => {
    const env = {
      GOPROXY: "https://p.example",
      GONOSUMDB: "a",
      GOPRIVATE: "b",
      GOSUMDB: "off",
      CGO_ENABLED: "0",
    };
    expect(made(env)).toMatchObject(env);
  });

  it.each(["GOROOT", "GOMODCACHE", "GOOS", "GOARCH", "GOTOOLDIR"])("takes %s away", (name) => {
    expect(made({ [name]: "/elsewhere" })[name]).toBeUndefined();
  });

  it.each([
    ["1.25.1", undefined, "-modcacherw"],
    ["1.25.1", "-buildvcs=false -p=1", "-buildvcs=false -p=1 -modcacherw"],
    ["1.17.13", "-buildvcs=false --buildvcs=auto -p=1", "-p=1 -modcacherw"],
    ["1.13.15", "-buildvcs", ""],
    ["1.25.1", "-modcacherw", "-modcacherw"],
  ])("for Go %s makes of GOFLAGS=%s: %s", (version, given, expected) => {
    expect(made(given === undefined ? {} : { GOFLAGS: given }, version).GOFLAGS).toBe(expected);
  });
});

describe("a C compiler", () => {
  it.each<[Record<string, string>, readonly string[], boolean]>([
    [{ PATH: "/a:/b" }, ["/b/gcc"], true],
    [{ PATH: "/a:/b" }, ["/a/clang"], true],
    [{ PATH: "/a" }, ["/b/gcc"], false],
    [{ PATH: "/a", CC: "zig cc" }, ["/a/gcc"], false],
    [{ PATH: "/a", CC: "zig cc" }, ["/a/zig"], true],
    [{ PATH: "/a", CC: "/opt/cc -O1" }, ["/opt/cc"], true],
    [{}, ["/a/gcc"], false],
  ])("with %j and %j: %s", (env, files, expected) => {
    expect(hasCompiler(env, (file) => files.includes(file))).toBe(expected);
  });

  it("that is not there turns cgo off", () => {
    expect(goEnvironment({ PATH: "/nowhere" }, "1.25.1", FOLDERS).CGO_ENABLED).toBe("0");
    expect(goEnvironment({ PATH: "/nowhere", CGO_ENABLED: "1" }, "1.25.1", FOLDERS).CGO_ENABLED).toBe("1");
  });
});

describe("credentials for Git", () => {
  const given = {
    ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "a.b", GIT_CONFIG_VALUE_0: "c" },
    ...{
      GO_GIT_CRED__HTTPS__GIT__EXAMPLE: "user:pass:word",
      GO_GIT_CRED__HTTP__CODE__HOST__EXAMPLE: "only-token",
    },
    GO_GIT_CRED__SSH__X: "no",
  };

  it("are in the environment, behind the settings that are there", () => {
    const env = made(given);
    expect(env).toMatchObject({
      ...{
        GIT_CONFIG_COUNT: "3",
        GIT_CONFIG_KEY_0: "a.b",
        GIT_CONFIG_KEY_1: "credential.https://git.example.helper",
      },
      ...{ GIT_CONFIG_KEY_2: "credential.http://code.host.example.helper" },
    });
    expect(`${env.GIT_CONFIG_VALUE_1}${env.GIT_CONFIG_VALUE_2}`).not.toMatch(/pass:word|only-token/);
  });

  it.each([
    ["https", "git.example", "username=user\npassword=pass:word\n"],
    ["http", "code.host.example", "username=token\npassword=only-token\n"],
  ])("for %s://%s are what Git is told", (protocol, host, expected) => {
    const asked = spawnSync("git", ["credential", "fill"], {
      input: `protocol=${protocol}\nhost=${host}\n\n`,
      env: made({ ...given, PATH: process.env.PATH ?? "", HOME: "/nonexistent" }),
      encoding: "utf8",
    });
    expect(asked.stdout).toContain(expected);
  });

  it("are none where nothing is set", () => {
    expect(made().GIT_CONFIG_COUNT).toBeUndefined();
  });
});

it("lines have an order", () => {
  expect([
    isSince("1.25.1", "1.18"),
    isSince("1.9", "1.18"),
    isSince("1.18rc1", "1.18"),
    isSince("x", "1.18"),
  ]).toEqual([...[true, false, true, false]]);
});
