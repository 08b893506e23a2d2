import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { access } from "./access-fixtures.ts";
import { changedEnvironment, type Environment, environmentChanges, shellLines } from "./env-exports.ts";

const caBundle = "/home/me/.conifer/ca-bundle.pem";
const changes = (env: Environment = {}, withToken = false) =>
  environmentChanges({ access: access(), env, caBundle, withToken });

describe("where the client is pointed", () => {
  test("HEROKU_HOST has the one form that the client accepts and sends the token to", () => {
    expect(changes().HEROKU_HOST).toBe("https://localhost:6400");
    expect(changes().HEROKU_GIT_HOST).toBe("localhost:6400");
    expect(changes().HEROKU_DATA_HOST).toBe("localhost");
  });

  test("every variable that names a host names this one", () => {
    const hosts = Object.entries(changes()).filter(([name]) => /HOST|URL/.test(name));
    expect(hosts.length).toBeGreaterThan(10);
    for (const [, value] of hosts)
      if (value !== undefined) expect(value).toMatch(/^(\w+:\/\/)?localhost(:6400)?(\/|$)/);
  });

  test("nothing that carries the token elsewhere stays on", () => {
    expect(changes()).toMatchObject({
      DISABLE_TELEMETRY: "true",
      HEROKU_DISABLE_AUTOUPDATE: "1",
      HEROKU_SKIP_NEW_VERSION_CHECK: "true",
      HEROKU_NETRC_WRITE: "true",
    });
  });
});

describe("the token", () => {
  test.each([
    ["plain", false, undefined, undefined],
    ["--token", true, "HRKU-1234", "me@example.com"],
  ])("%s", (_form, withToken, key, email) => {
    const found = changes({ HEROKU_API_KEY: "of-heroku-com" }, withToken);
    expect("HEROKU_API_KEY" in found).toBe(true);
    expect(found.HEROKU_API_KEY).toBe(key);
    expect(found.HEROKU_EMAIL).toBe(email);
  });

  test("another host's credentials are taken away", () => {
    const after = changedEnvironment({ HEROKU_HEADERS: '{"Authorization":"Bearer x"}' }, changes());
    expect(after.HEROKU_HEADERS).toBeUndefined();
    expect("HEROKU_HEADERS" in after).toBe(false);
  });
});

describe("git's trust", () => {
  const ours = "http.https://localhost:6400/.sslCAInfo";
  const list = (env: Environment) => {
    const found = changes(env);
    return Array.from({ length: Number(found.GIT_CONFIG_COUNT) }, (_, i) => [
      found[`GIT_CONFIG_KEY_${i}`],
      found[`GIT_CONFIG_VALUE_${i}`],
    ]);
  };

  test.each<[string, Environment, string[][]]>([
    ["nothing before", {}, [[ours, "/home/me/.conifer/ca.pem"]]],
    [
      "entries before stay, in their order",
      { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.name", GIT_CONFIG_VALUE_0: "It's me" },
      [
        ["user.name", "It's me"],
        [ours, "/home/me/.conifer/ca.pem"],
      ],
    ],
    [
      "GIT_SSL_CAINFO becomes an entry",
      { GIT_SSL_CAINFO: "/etc/company.pem" },
      [
        ["http.sslCAInfo", "/etc/company.pem"],
        [ours, "/home/me/.conifer/ca.pem"],
      ],
    ],
    [
      "our entry is not repeated",
      { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: ours, GIT_CONFIG_VALUE_0: "/old" },
      [[ours, "/home/me/.conifer/ca.pem"]],
    ],
    ["a count that is no number", { GIT_CONFIG_COUNT: "many" }, [[ours, "/home/me/.conifer/ca.pem"]]],
  ])("%s", (_name, env, expected) => {
    expect(list(env)).toEqual(expected);
    expect(changes(env).GIT_SSL_CAINFO).toBeUndefined();
    expect("GIT_SSL_CAINFO" in changes(env)).toBe(true);
  });
});

describe("proxies", () => {
  test.each<[string, Environment, string | undefined]>([
    ["none", {}, undefined],
    ["a proxy", { HTTPS_PROXY: "http://proxy:3128" }, "localhost,127.0.0.1"],
    [
      "with exceptions",
      { http_proxy: "http://p", NO_PROXY: "intern.example, localhost" },
      "intern.example, localhost,127.0.0.1",
    ],
    ["lower case exceptions", { http_proxy: "http://p", no_proxy: "a,127.0.0.1" }, "a,127.0.0.1,localhost"],
  ])("%s", (_name, env, expected) => {
    expect(changes(env).NO_PROXY).toBe(expected);
    expect(changes(env).no_proxy).toBe(expected);
  });
});

describe("in a real shell", () => {
  const evaluate = (env: Environment, lines: string): Environment => {
    const script = `set -eu\n${lines}\nexec env -0`;
    const text = execFileSync("/bin/sh", ["-c", script], {
      env: { ...env } as NodeJS.ProcessEnv,
      encoding: "utf8",
    });
    const pairs = text
      .split("\0")
      .filter(Boolean)
      .map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)] as const;
      });
    return Object.fromEntries(pairs.filter(([name]) => !["PWD", "_", "SHLVL", "OLDPWD"].includes(name)));
  };

  test.each<[string, Environment]>([
    ["an empty environment", {}],
    [
      "one with everything set",
      {
        GIT_SSL_CAINFO: '/etc/ssl/it\'s "odd" $HOME.pem',
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "user.name",
        GIT_CONFIG_VALUE_0: "line\nbreak",
        HEROKU_API_KEY: "secret",
        HTTPS_PROXY: "http://proxy",
        HEROKU_HEADERS: "{}",
      },
    ],
  ])("evaluating twice changes nothing: %s", (_name, env) => {
    const once = evaluate(env, shellLines(changes(env)));
    const twice = evaluate(once, shellLines(changes(once)));
    expect(twice).toEqual(once);
    expect(once).toEqual(changedEnvironment(env, changes(env)));
    expect(once.HEROKU_API_KEY).toBeUndefined();
    expect(once.GIT_SSL_CAINFO).toBeUndefined();
  });

  test("every line is an export or an unset", () => {
    for (const line of shellLines(changes()).trim().split("\n"))
      expect(line).toMatch(/^(export \w+='.*'|unset \w+)$/);
  });
});
