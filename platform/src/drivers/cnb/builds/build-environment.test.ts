import { describe, expect, it } from "vitest";
import { offeredArguments, operatorFiles, phaseEnvironment, userFiles } from "./build-environment.ts";
import { failureOf, timeoutText } from "./build-failure-text.ts";

describe("the environment of a build", () => {
  it("points every tool at the certificates of the file view, as defaults", () => {
    const files = operatorFiles({}, ["official", "registry"]);
    for (const name of [
      "SSL_CERT_FILE",
      "NODE_EXTRA_CA_CERTS",
      "PIP_CERT",
      "GIT_SSL_CAINFO",
      "npm_config_cafile",
    ])
      expect(files[`${name}.default`]).toBe("/etc/ssl/certs/ca-certificates.crt");
    expect(files["CONIFER_RUNTIME_SOURCES.override"]).toBe("official registry");
  });

  it("takes package mirrors and proxies from the operator, and nothing else", () => {
    const host = {
      PIP_INDEX_URL: "https://pypi.example",
      GOSUMDB: "off",
      MAVEN_MIRROR_URL: "https://maven.example",
      HTTPS_PROXY: "http://proxy:3128",
      SECRET: "x",
      HOME: "/root",
    };
    expect(operatorFiles(host, [])["PIP_INDEX_URL.default"]).toBe("https://pypi.example");
    expect(operatorFiles(host, [])).toMatchObject({
      ...{ "GOSUMDB.default": "off", "MAVEN_MIRROR_URL.default": "https://maven.example" },
    });
    const env = phaseEnvironment(host);
    expect(env).toMatchObject({
      HTTPS_PROXY: "http://proxy:3128",
      HOME: "/home/dyno",
      CNB_PLATFORM_API: "0.15",
    });
    expect(JSON.stringify([env, operatorFiles(host, [])])).not.toMatch(/SECRET|\/root/);
  });

  it("offers Dockerfiles the same as arguments, where no address holds a login: the history of images tells them", () => {
    const host = { PIP_INDEX_URL: "https://pypi.test", GOPROXY: "https://me:word@go.test", HTTPS_PROXY: "x" };
    expect(offeredArguments(host, "/ca.crt")).toMatchObject({
      ...{ PIP_INDEX_URL: "https://pypi.test", SSL_CERT_FILE: "/ca.crt", NODE_EXTRA_CA_CERTS: "/ca.crt" },
    });
    expect(JSON.stringify(offeredArguments(host, "/ca.crt"))).not.toMatch(/GOPROXY|PROXY/);
  });

  it("gives config vars over project.toml, and what cannot be a file is left out", () => {
    const spec = { env: { A: "app", "x/y": "no", ".": "no" }, sourceVersion: "0123abc", stack: "cnb" };
    expect(userFiles(spec, { A: "project", B: "project" })).toEqual({
      ...{ A: "app", B: "project" },
      ...{ SOURCE_VERSION: "0123abc", STACK: "cnb" },
    });
  });
});

describe("why a build failed", () => {
  const cases: readonly [number, boolean, RegExp][] = [
    [20, false, /No buildpack takes this source/],
    [21, false, /one failed while looking/],
    [51, false, /A buildpack could not build/],
    [62, false, /while making the image \(exit status 62\)/],
    [137, true, /more than 512 MB/],
    [1, false, /The build failed \(exit status 1\)/],
  ];
  it.each(cases)("exit code %i, out of memory: %s", (exitCode, outOfMemory, message) => {
    const failure = failureOf({ exitCode, outOfMemory }, 512 * 1024 * 1024);
    expect(failure).toMatchObject({ kind: "failed", exitCode, message: expect.stringMatching(message) });
  });

  it("says the time limit in words", () => {
    expect(timeoutText(900)).toContain("15 minutes");
    expect(timeoutText(60)).toContain("1 minute ");
    expect(timeoutText(90)).toContain("90 seconds");
  });
});
