import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialsOfFolder } from "./s3-credentials.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "credentials-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(join(folder, name), text);

test("are read from files, and again once they may have changed", async () => {
  let nowMs = 0;
  const read = credentialsOfFolder(folder, () => nowMs);
  await write("access-key-id", "AKID\n");
  await write("secret-access-key", "one");
  expect(await read()).toEqual({ accessKeyId: "AKID", secretAccessKey: "one" });
  await write("secret-access-key", "two");
  await write("session-token", "token\n");
  expect((await read()).secretAccessKey).toBe("one");
  nowMs = 31_000;
  expect(await read()).toEqual({ accessKeyId: "AKID", secretAccessKey: "two", sessionToken: "token" });
});

test.each([
  ["is missing", async () => {}, /access-key-id: .*ENOENT/],
  ["is empty", () => write("access-key-id", " \n"), /it is empty/],
  ["is no word", () => write("access-key-id", "sec ret\nwords"), /it is not one line with one word/],
])("a file that %s is named, and not quoted", async (_what, prepare, told) => {
  await prepare();
  await write("secret-access-key", "s");
  const said = await credentialsOfFolder(folder)().catch((thrown: Error) => thrown.message);
  expect(said).toMatch(told);
  expect(said).toContain("CONIFER_S3_CREDENTIALS");
  expect(said).not.toContain("sec ret");
});
