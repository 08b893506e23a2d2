import { describe, expect, it } from "vitest";
import { checksumDatabase, lookUpModuleHash, readSignedTree } from "./checksum-database.ts";
import { makeDatabase, reader } from "./checksum-fixtures.ts";

const HASH = `h1:${"A".repeat(43)}=`;
const record = (version: string, hash = HASH) =>
  `example.com/m ${version} ${hash}\nexample.com/m ${version}/go.mod ${HASH}\n`;
const records = Array.from({ length: 20 }, (_, i) => record(`v1.0.${i}`));
const MODULE = { path: "example.com/m", version: "v1.0.7" };

const made = makeDatabase(records);
const parsed = (setting: string) => {
  const database = checksumDatabase(setting);
  if (database === undefined) throw new Error("off");
  return database;
};

describe("GOSUMDB", () => {
  it("is Go's own database unless it says otherwise", () => {
    for (const setting of [undefined, "", "sum.golang.org"]) {
      expect(checksumDatabase(setting)).toMatchObject({
        ...{ name: "sum.golang.org", address: "https://sum.golang.org", viaProxies: true },
      });
    }
    expect(parsed("sum.golang.org").keyHash.toString("hex")).toBe("033de0ae");
  });

  it("may be off, another one, or one at an address", () => {
    expect(checksumDatabase(" off ")).toBeUndefined();
    expect(checksumDatabase(made.setting)).toMatchObject({ name: "sums.example", viaProxies: true });
    expect(checksumDatabase(`${made.setting} https://in.example/sums/`)).toMatchObject({
      ...{ address: "https://in.example/sums", viaProxies: false },
    });
    expect(checksumDatabase("sum.golang.google.cn")).toMatchObject({
      ...{ name: "sum.golang.org", address: "https://sum.golang.google.cn", viaProxies: false },
    });
  });

  it.each(["other.example", "other.example+zz+AAAA", "other.example+033de0ae+AAAA"])(
    "is not %s",
    (setting) => {
      expect(() => checksumDatabase(setting)).toThrow(/no known checksum database/);
    },
  );
});

describe("a signed tree", () => {
  const real = parsed("sum.golang.org");
  // An answer that the public database gave.
  const NOTE = `go.sum database tree
51680103
XMsqq2qyG0P87uTHIcPRjTQeBviKMSFMlidUqFt3K7w=

— sum.golang.org Az3grnGAHMik9ktKk8SmIVuAiRONxEwBlhTeJ/sDTYXydFp0RgW9RrAYC87wAzEFeDVQSj4VeZVDJgK+fYi+vHj9kQ0=
`;

  it("of the public database is accepted", () => {
    expect(readSignedTree(NOTE, real).size).toBe(51_680_103);
  });

  it.each<[string, string]>([
    ["with another size", NOTE.replace("51680103", "51680104")],
    ["by another name", NOTE.replace("— sum.golang.org", "— sum.example.org")],
    ["with a cut signature", NOTE.replace("vHj9kQ0=", "")],
    ["without a signature", NOTE.split("\n\n")[0] ?? ""],
    ["of another's key", made.note()],
    ["that is a page", "<html>\n\n— sum.golang.org AAAA\n"],
  ])("%s is refused", (_name, note) => {
    expect(() => readSignedTree(note, real)).toThrow(/is not signed by sum\.golang\.org/);
  });

  it("that is signed but none is refused", () => {
    expect(() => readSignedTree(made.note(0, Buffer.alloc(32)), parsed(made.setting))).toThrow(
      "no checksum tree",
    );
  });
});

describe("a module's hash", () => {
  const database = parsed(made.setting);
  const lookUp = (answer: (path: string) => Buffer | undefined, module = MODULE) =>
    lookUpModuleHash(database, module, reader(answer));

  it("is what the database has recorded", async () => {
    expect(await lookUp(made.answer)).toBe(HASH);
  });

  it.each<[string, (text: string) => string, string]>([
    ["another hash", (text) => text.replace(HASH, `h1:${"B".repeat(43)}=`), "not in the tree"],
    ["another place", (text) => text.replace(/^7\n/, "8\n"), "not in the tree"],
    ["a place beyond the tree", (text) => text.replace(/^7\n/, "700\n"), "beyond the tree"],
    ["nothing to read", () => "", "no record"],
    [
      "another module's record",
      () => made.answer("/lookup/example.com/m@v1.0.8")?.toString() ?? "",
      "another module",
    ],
  ])("is refused with %s", async (_name, change, message) => {
    const answer = (path: string) => {
      const found = made.answer(path);
      return path.startsWith("/lookup/") && found ? Buffer.from(change(found.toString())) : found;
    };
    await expect(lookUp(answer)).rejects.toThrow(message);
  });

  it("is not to be had of a module that is not there", async () => {
    await expect(lookUp(made.answer, { ...MODULE, version: "v9.0.0" })).rejects.toThrow("404");
  });
});
