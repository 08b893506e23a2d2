import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { registryKeys } from "../delivery/registry/index.ts";
import { checkCredential } from "../delivery/registry/registry-credentials.ts";
import { makeHome } from "./home.ts";
import { ensureMasterKey } from "./master-key.ts";
import { makeLogin, parseRegistryArguments, runRegistryCommand } from "./registry-command.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const APP = "common/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";

test.each([
  [["login", "reader", APP], { role: "reader", hours: 24 }],
  [["login", "manager", APP, "1"], { role: "manager", hours: 1 }],
  [["login", "writer", "team/app", "8760"], { role: "writer", hours: 8_760 }],
])("%j is understood", (args, wanted) => {
  expect(parseRegistryArguments(args)).toMatchObject(wanted);
});

test.each([
  [[], "Usage"],
  [["logout"], "Usage"],
  [["login", "owner", APP], "Usage"],
  [["login", "reader", APP, "1", "more"], "Usage"],
  [["login", "reader"], "is no repository"],
  [["login", "reader", "../etc"], "is no repository"],
  [["login", "reader", APP, "0"], "from 1 to 8760"],
  [["login", "reader", APP, "1.5"], "from 1 to 8760"],
  [["login", "reader", APP, "for ever"], "from 1 to 8760"],
])("%j is refused: %s", (args, why) => {
  expect(() => parseRegistryArguments(args)).toThrow(why);
});

test("the credential is good for its role until its hours are over", () => {
  const master = { current: 1, keys: new Map([[1, Buffer.alloc(32, 1)]]) };
  const now = new Date("2026-01-01T00:00:00Z");
  const login = makeLogin(parseRegistryArguments(["login", "writer", APP, "2"]), now, master);
  const at = (hours: number) =>
    checkCredential(login, new Date(now.getTime() + hours * 3_600_000), registryKeys(master));
  expect(at(1.9)).toMatchObject({ kind: "member", role: "writer" });
  expect(at(2.1)).toBeUndefined();
  const other = { current: 1, keys: new Map([[1, Buffer.alloc(32, 2)]]) };
  expect(checkCredential(login, now, registryKeys(other))).toBeUndefined();
});

test("it prints what a client is given, and says what to do where Conifer was never started", () => {
  const root = mkdtempSync(join(tmpdir(), "registry-command-"));
  const home = makeHome(root);
  const print = () => runRegistryCommand(["login", "manager", APP], home, new Date("2026-01-01T00:00:00Z"));
  try {
    expect(print).toThrow(/master\.json is not there\. Start Conifer once/);
    makeHomeFolders(home);
    ensureMasterKey(home);
    expect(print()).toMatch(
      new RegExp(
        `^username: manager\\+${APP}\npassword: 1\\.\\d+\\.\\S+\nuntil:    2026-01-02T00:00:00.000Z$`,
      ),
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
