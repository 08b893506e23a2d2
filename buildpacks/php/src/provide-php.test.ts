import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { fakeApt } from "../../shared/debian-fixtures.ts";
import { readComposer } from "./composer-files.ts";
import { choosePhp, type PhpWish, providePhp } from "./provide-php.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const RELEASE = {
  ...{ "php8.2-fpm": "8.2.36-1~deb12u1", "php8.2-cli": "8.2.36-1~deb12u1", "php8.2-gd": "8.2.36-1~deb12u1" },
  ...{ "apache2-bin": "2.4.71-1", nginx: "1.22.1-9", composer: "2.5.5-1" },
};

/** What an app wants whose composer.json, and a package of whose lock file, requires this. */
function wishOf(
  require: Readonly<Record<string, string>>,
  ofPackage: Readonly<Record<string, string>> = {},
): PhpWish {
  const lock = { packages: [{ name: "acme/a", require: ofPackage }] };
  const read = readComposer(JSON.stringify({ require }), JSON.stringify(lock));
  if (!read.ok) throw new Error(read.message);
  return { facts: read.facts, servers: ["nginx"], composer: true };
}

describe("the release's PHP", () => {
  it("comes with its extensions, the server and Composer", async () => {
    const { packages, notes } = await choosePhp(fakeApt(RELEASE), wishOf({ php: "^8.1", "ext-gd": "*" }));
    expect(notes).toEqual({ version: "8.2.36" });
    expect(packages.map(({ name }) => name)).toEqual([
      "php8.2-cli",
      "php8.2-fpm",
      "php8.2-gd",
      "nginx",
      "composer",
    ]);
  });

  it("is the newest that everybody can run on", async () => {
    const two = { ...RELEASE, "php8.4-fpm": "8.4.1-1", "php8.10-fpm": "8.10.0-1" };
    const versionFor = async (php: string, ofPackage: string) =>
      (await choosePhp(fakeApt(two), wishOf({ php }, { php: ofPackage }))).notes?.version;
    expect(await versionFor("^8.1", "*")).toBe("8.10.0");
    expect(await versionFor("^8.1", "<8.10")).toBe("8.4.1");
    expect(await versionFor("~8.2.0", "*")).toBe("8.2.36");
  });

  it.each([
    [
      wishOf({ php: "^7.4" }),
      RELEASE,
      "PHP ^7.4 (composer.json) is not to be had here.\n  There is: 8.2.36.",
      "composer.json",
    ],
    [
      wishOf({}, { php: "^8.4" }),
      RELEASE,
      "PHP ^8.4 (acme/a) is not to be had",
      "composer config platform.php 8.2.36",
    ],
    [
      wishOf({ "ext-swoole": "*" }),
      RELEASE,
      "bookworm has no package of PHP with ext-swoole (composer.json)",
      "composer remove",
    ],
    [wishOf({}, { "ext-oci8": "*" }), RELEASE, "ext-oci8 (acme/a)", "composer remove"],
    [wishOf({}), {}, "The base's release has no packages of PHP.", "project.toml"],
  ])("is told when it does not fit: %#", async (wish, release, message, advice) => {
    const failure = await choosePhp(fakeApt(release), wish).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ name: "BuildFailure", message: expect.stringContaining(message) });
    expect((failure as { advice: string[] }).advice.join("\n")).toContain(advice);
  });
});

it.each([
  ["official,registry", "No PHP is to be had here.\n  The official distribution of PHP is source"],
  ["php=http://mirror", "mirrors of built ones share no form"],
  ["debain", 'holds "debain"'],
])("the sources %s are told to have none", async (sources, message) => {
  const env = { PATH: process.env.PATH, CONIFER_RUNTIME_SOURCES: sources };
  const { context } = await makeContext(folder.at, { env });
  const refused = providePhp(context, wishOf({}));
  await expect(refused).rejects.toThrow(message);
});
