import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

type Env = Readonly<Record<string, string>>;

const PLACE = { CONIFER_REGISTRY_STORAGE: "s3://images/conifer" };
const FOLDER = { CONIFER_S3_CREDENTIALS: "/etc/s3" };
const KEYS = { CONIFER_S3_ACCESS_KEY_ID: "AKID", CONIFER_S3_SECRET_ACCESS_KEY: "s3cr3t" };

/** Names of the settings that are told to be wrong. */
function mistakes(env: Env): string[] {
  return [...message(env).matchAll(/^ {2}- (\S+)/gm)].map(([, name = ""]) => name);
}

function message(env: Env): string {
  try {
    readConfig(env);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return "";
}

describe("settings of a bucket", () => {
  test("that are wrong are told together", () => {
    const env = {
      CONIFER_REGISTRY_STORAGE: "s3://Images",
      CONIFER_S3_REGION: "EU West",
      CONIFER_S3_ENDPOINT: "store",
      CONIFER_S3_ADDRESSING: "dns",
      CONIFER_S3_CREDENTIALS: "./s3",
      CONIFER_S3_ACCESS_KEY_ID: "a b",
      CONIFER_S3_SECRET_ACCESS_KEY: "c d",
      CONIFER_ARCHITECTURES: "s390x",
    };
    expect(mistakes(env).toSorted()).toEqual(Object.keys(env).toSorted());
  });

  test.each<readonly [Env, readonly string[]]>([
    [{}, ["CONIFER_S3_CREDENTIALS"]],
    [{ CONIFER_S3_ACCESS_KEY_ID: "AKID" }, ["CONIFER_S3_CREDENTIALS"]],
    [{ CONIFER_S3_SECRET_ACCESS_KEY: "s3cr3t" }, ["CONIFER_S3_CREDENTIALS"]],
    [{ ...KEYS, CONIFER_S3_SECRET_ACCESS_KEY: " " }, ["CONIFER_S3_CREDENTIALS"]],
    [KEYS, []],
    [FOLDER, []],
  ])("with %j want whole credentials", (env, wanted) => {
    expect(mistakes({ ...PLACE, ...env })).toEqual(wanted);
  });

  // Files may be replaced while the process runs; variables that were left behind must not win over them.
  test("take the folder before variables", () => {
    expect(readConfig({ ...PLACE, ...KEYS, ...FOLDER }).registryStorage?.credentials).toEqual({
      folder: "/etc/s3",
    });
  });

  test("name no bucket by themselves: without a place images stay on the disk", () => {
    expect(readConfig({ ...KEYS, ...FOLDER, CONIFER_S3_REGION: "eu-1" }).registryStorage).toBeUndefined();
  });

  test.each(["http://store", "https://store:9000/", "http://10.0.0.1:9000", "https://[fd00::1]:9000"])(
    "take the address %s, which is one",
    (endpoint) => {
      const { registryStorage } = readConfig({ ...PLACE, ...FOLDER, CONIFER_S3_ENDPOINT: endpoint });
      expect(registryStorage).toMatchObject({ endpoint, addressing: "path" });
    },
  );

  // Each would otherwise fail at the first request, with words that name no setting.
  test.each([
    "https://store:99999",
    "https://:9000",
    "https://store:port",
    "https://store/bucket",
    "https://store?x=1",
    "https://store#x",
    "s3://store",
    "//store",
  ])("refuse the address %s", (endpoint) => {
    expect(mistakes({ ...PLACE, ...FOLDER, CONIFER_S3_ENDPOINT: endpoint })).toEqual(["CONIFER_S3_ENDPOINT"]);
  });

  test("hold an address that requests can be made from, whatever was taken", () => {
    const part = fc.stringMatching(/^[a-z0-9.:[\]%_-]{0,12}$/);
    fc.assert(
      fc.property(fc.constantFrom("http://", "https://"), part, (scheme, host) => {
        const env = { ...PLACE, ...FOLDER, CONIFER_S3_ENDPOINT: `${scheme}${host}` };
        if (mistakes(env).length > 0) return;
        expect(URL.canParse(readConfig(env).registryStorage?.endpoint ?? "")).toBe(true);
      }),
    );
  });
});

describe("a secret", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9+/=@:" -]{0,20}$/).map((text) => `HUSH ${text} HUSH`);
  const NAMES = [
    ...["CONIFER_S3_ACCESS_KEY_ID", "CONIFER_S3_SECRET_ACCESS_KEY", "CONIFER_ADMIN_TOKEN", "DATABASE_URL"],
  ];

  test("is in no message, however wrong it and all else is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), secret, (name, text) => {
        const said = message({ ...PLACE, [name]: text, CONIFER_PORT: "0" });
        expect(said).toContain(name);
        expect(said).toContain("CONIFER_PORT");
        expect(said).not.toContain("HUSH");
      }),
    );
  });

  test.each([
    "CONIFER_S3_ENDPOINT",
    "CONIFER_REGISTRY_STORAGE",
    "CONIFER_REGISTRY_ADDRESS",
    "CONIFER_PULL_REGISTRIES",
    "CONIFER_RUNTIME_SOURCES",
  ])("before the host of the address in %s is not repeated", (name) => {
    const said = message({ [name]: "https://root:HU@SH@store.example/x" });
    expect(mistakes({ [name]: "https://root:HU@SH@store.example/x" })).toEqual([name]);
    expect(said).toContain('not "https://...@store.example/x"');
    expect(said).not.toMatch(/root|HU|SH/);
  });
});

describe("processors", () => {
  test.each([
    ["amd64", ["amd64"]],
    ["arm64", ["arm64"]],
    ["arm64,amd64,arm64", ["amd64", "arm64"]],
    [" , ", undefined],
    ["", undefined],
  ])("%j are each named once, in one order", (text, wanted) => {
    expect(readConfig({ CONIFER_ARCHITECTURES: text }).architectures).toEqual(wanted);
  });

  test.each(["x86_64", "AMD64", "linux/amd64", "amd64 arm64"])("are not %s", (text) => {
    expect(message({ CONIFER_ARCHITECTURES: text })).toContain(
      `CONIFER_ARCHITECTURES must hold only amd64 and arm64 at each place, not "${text}"`,
    );
  });

  test("every one that is wrong is named", () => {
    const said = message({ CONIFER_ARCHITECTURES: "ppc64le,amd64,s390x" });
    expect(said).toMatch(/not "ppc64le"\n.*not "s390x"$/);
  });

  test("of another kind have images in the engine's own form", () => {
    const kubernetes = {
      CONIFER_ENGINE: "kubernetes",
      CONIFER_REGISTRY_ADDRESS: "r:1",
      CONIFER_RUN_IMAGE: "/r",
    };
    const other = { CONIFER_OTHER_BUILDER_IMAGE: "heroku/builder:24" };
    expect(readConfig(other)).toMatchObject({ otherBuilderImage: "heroku/builder:24" });
    expect(mistakes({ ...kubernetes, ...other })).toEqual(["CONIFER_OTHER_BUILDER_IMAGE"]);
    expect(mistakes({ CONIFER_OTHER_RUN_IMAGE: "heroku/heroku:24" })).toEqual(["CONIFER_OTHER_RUN_IMAGE"]);
  });
});
