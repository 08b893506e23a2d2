import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { childEnvironment, type RoleName } from "./supervisor-environment.ts";
import { roleSpec } from "./supervisor-roles.ts";

const config = readConfig({ CONIFER_HOME: "/srv/conifer" });
const env = {
  PATH: "/bin",
  CONIFER_HOME: "srv",
  DATABASE_URL: "postgres://of-the-operator",
  CONIFER_ADMIN_PASSWORD: "secret",
  CONIFER_ADMIN_EMAIL: "me@example.com",
  CONIFER_DOMAIN: "example.com",
  CONIFER_PARENT: "17",
  INIT_CWD: "/home/me",
  npm_lifecycle_event: "start",
  npm_config_cache: "/home/me/.npm",
  HTTPS_PROXY: "http://proxy",
};

describe("a role's environment", () => {
  const roles: RoleName[] = ["control", "host", "router", "registry"];

  test.each(roles)("%s gets the operator's settings and nothing of npm's", (role) => {
    const found = childEnvironment(role, env, config, "postgres://ours");
    expect(found).toMatchObject({ PATH: "/bin", CONIFER_DOMAIN: "example.com", HTTPS_PROXY: "http://proxy" });
    expect(found).toMatchObject({ CONIFER_HOME: "/srv/conifer" });
    expect(Object.keys(found).filter((name) => /^npm_|INIT_CWD|CONIFER_PARENT/.test(name))).toEqual([]);
  });

  test("only control gets the database and the first account", () => {
    expect(childEnvironment("control", env, config, "postgres://ours")).toMatchObject({
      DATABASE_URL: "postgres://ours",
      CONIFER_ADMIN_PASSWORD: "secret",
    });
    for (const role of ["host", "router", "registry"] as const) {
      const text = JSON.stringify(childEnvironment(role, env, config, "postgres://ours"));
      expect(text).not.toMatch(/postgres:|secret|me@example/);
    }
  });
});

test("only the router gets the key of an account with an authority of certificates", () => {
  const given = {
    CONIFER_ACME_KEY_ID: "kid-of-acme",
    CONIFER_ACME_KEY: "key-of-acme",
    CONIFER_ACME_AGREE: "yes",
  };
  const seen = (role: RoleName) => childEnvironment(role, given, config, "postgres://ours");
  expect(seen("router")).toMatchObject(given);
  for (const role of ["control", "host", "registry"] as const) {
    expect(JSON.stringify(seen(role))).not.toContain("of-acme");
    expect(seen(role)).toMatchObject({ CONIFER_ACME_AGREE: "yes" });
  }
});

describe("a role's command", () => {
  const spec = (setpriv: string | undefined) =>
    roleSpec({ role: "router", env, config, databaseUrl: "postgres://ours", setpriv });

  test("with setpriv the kernel ends it with its parent", () => {
    expect(spec("/usr/bin/setpriv").command).toBe("/usr/bin/setpriv");
    expect(spec("/usr/bin/setpriv").args.slice(0, 4)).toEqual([
      "--pdeathsig",
      "KILL",
      "--",
      process.execPath,
    ]);
  });

  test("it watches its channel either way, and runs its own file", () => {
    for (const setpriv of [undefined, "/usr/bin/setpriv"]) {
      const { command, args } = spec(setpriv);
      const line = [command, ...args].join(" ");
      expect(line).toMatch(/--import \S+\/supervisor-channel\.ts \S+\/compose\/router\.ts$/);
      expect(line).not.toContain("postgres:");
    }
    expect(spec(undefined).command).toBe(process.execPath);
  });
});
