import { describe, expect, it } from "vitest";
import { runKeyCommand } from "./key-command.ts";

const id = (letter: string) => letter.repeat(64);
const KEYS = [
  { id: id("a"), current: true, created_at: "2026-03-01T00:00:00Z", revoked_at: null },
  { id: id("b"), current: false, created_at: "2026-02-01T00:00:00Z", revoked_at: null },
  { id: id("c"), current: false, created_at: "2026-01-01T00:00:00Z", revoked_at: "2026-02-03T00:00:00Z" },
];

async function run(words: readonly string[], keys: readonly unknown[] = KEYS) {
  const routes: string[] = [];
  const text = await runKeyCommand(words, async (route) => {
    routes.push(route);
    return keys;
  });
  return { routes, text };
}

describe("an operator's word about signing keys", () => {
  it.each([
    [["list"], "GET /signing-keys"],
    [["rotate"], "POST /signing-keys"],
    [["revoke", "bbbbbbbbbbbb"], "POST /signing-keys/bbbbbbbbbbbb/revoke"],
    [["revoke", id("b")], `POST /signing-keys/${id("b")}/revoke`],
  ])("%j asks the instance, and shows all keys", async (words, route) => {
    expect(await run(words)).toEqual({
      routes: [route],
      text: [
        "aaaaaaaaaaaa  made 2026-03-01T00:00:00Z  signs now",
        "bbbbbbbbbbbb  made 2026-02-01T00:00:00Z  signs no more, is good",
        "cccccccccccc  made 2026-01-01T00:00:00Z  revoked 2026-02-03T00:00:00Z",
      ].join("\n"),
    });
  });

  it.each([
    [[]],
    [["revoke"]],
    [["revoke", "abc"]],
    [["revoke", "../../accounts"]],
    [["list", "x"]],
    [["rotate", id("a")]],
    [["revoke", id("a"), "x"]],
    [["make"]],
  ])("%j makes no sense, and nothing is asked", async (words) => {
    expect(await run(words)).toEqual({ routes: [], text: undefined });
  });

  it("says so when there is none", async () => {
    expect((await run(["list"], [])).text).toContain("No key yet");
  });
});
