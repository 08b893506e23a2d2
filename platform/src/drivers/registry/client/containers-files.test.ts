import { describe, expect, it, test } from "vitest";
import { privateImages, registriesConf } from "./containers-files.ts";
import { readPullCredentials } from "./pull-credentials.ts";

const credentials = readPullCredentials(
  JSON.stringify({
    auths: {
      "docker.io/acme": { username: "hub", password: "1" },
      "corp.test:5000": { username: "corp", password: "2" },
      "mirror.test": { username: "mirror", password: "3" },
      "other.test": { username: "other", password: "4" },
    },
  }),
);
const registries = [{ host: "corp.test:5000" }, { host: "away.test", url: "https://mirror.test" }];
const access = { registries, credentials };
const auth = (pair: string) => ({ auth: Buffer.from(pair).toString("base64") });
const digest = `sha256:${"a".repeat(64)}`;

describe("images that need the operator's credentials", () => {
  const rows: readonly [string, string, object][] = [
    ["acme/base", "docker.io/acme/base:latest", { "docker.io/acme/base": auth("hub:1") }],
    ["corp.test:5000/a/b:7", "corp.test:5000/a/b:7", { "corp.test:5000/a/b": auth("corp:2") }],
    [`corp.test:5000/a:7@${digest}`, `corp.test:5000/a@${digest}`, { "corp.test:5000/a": auth("corp:2") }],
    ["away.test/a:1", "away.test/a:1", { "mirror.test/a": auth("mirror:3") }],
  ];
  test.each(rows)("%s is pulled with the login of its repository and no other", (name, full, auths) => {
    const found = privateImages([name], access);
    expect(found?.names).toEqual([full]);
    expect(JSON.parse(found?.logins ?? "")).toEqual({ auths });
  });

  it("are those only that one of them opens", () => {
    const names = ["node:24", "acme/base:1", "oci:/build/workspace/base:latest", "FROM", ""];
    expect(privateImages(names, access)?.names).toEqual(["docker.io/acme/base:1"]);
    expect(privateImages(["node:24"], access)).toBeUndefined();
    expect(privateImages(["acme/base"], { registries: [] })).toBeUndefined();
  });
});

describe("the operator's registries, as other tools read them", () => {
  it("are those with mirrors, and those without TLS", () => {
    const text = registriesConf({
      registries: [
        { host: "docker.io", url: "https://mirror.test" },
        { host: "plain.test:5000", url: "http://plain.test:5000" },
        { host: "listed.test" },
      ],
    });
    expect(text).toBe(
      [
        '[[registry]]\nlocation = "docker.io"\n\n[[registry.mirror]]\nlocation = "mirror.test"\ninsecure = false\n',
        '[[registry]]\nlocation = "plain.test:5000"\ninsecure = true\n',
        '[[registry]]\nlocation = "listed.test"\n',
      ].join("\n"),
    );
  });

  it("are nothing when none is listed", () => {
    expect(registriesConf({ registries: [] })).toBe("");
  });
});
