import { describe, expect, it } from "vitest";
import { neededSecrets } from "./rails-secrets.ts";

const ask = (gems: string[], env: Record<string, string>, files: string[]) =>
  neededSecrets({ gems: new Set(gems), env, has: (file) => files.includes(file) });

describe("a secret for Rails", () => {
  it.each<[string, string[], Record<string, string>, string[], boolean]>([
    ["a new app without its key", ["railties"], {}, ["config/credentials.yml.enc"], true],
    ["an old app with secrets.yml, which reads the variable", ["railties"], {}, ["config/secrets.yml"], true],
    ["the variable is set", ["railties"], { SECRET_KEY_BASE: "x" }, [], false],
    ["credentials can be read", ["railties"], { RAILS_MASTER_KEY: "x" }, [], false],
    ["the key was committed", ["railties"], {}, ["config/master.key"], false],
    ["the key of production was committed", ["railties"], {}, ["config/credentials/production.key"], false],
    ["not Rails", ["rack"], {}, [], false],
  ])("%s", (_, gems, env, files, wanted) => {
    expect(ask(gems, env, files).names).toEqual(wanted ? ["SECRET_KEY_BASE"] : []);
  });

  it("is told, and how credentials are read", () => {
    const { told } = ask(["railties"], {}, ["config/credentials.yml.enc"]);
    expect(told.join("\n")).toMatch(/SECRET_KEY_BASE.*\n.*config:set RAILS_MASTER_KEY/);
    expect(ask(["railties"], {}, []).told).toHaveLength(1);
  });
});
