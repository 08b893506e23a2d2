import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { readUpgradeBody } from "./upgrade-body.ts";

const TEXT = JSON.stringify({ line: "echo ä", env: {} });
const LENGTH = Buffer.byteLength(TEXT);

function call(head: string, length: unknown = LENGTH) {
  const [client, socket] = duplexPair();
  const headers = length === null ? {} : { "conifer-body-length": String(length) };
  const read = readUpgradeBody({ headers }, socket, Buffer.from(head));
  return { client, socket, read };
}

test("reads a body that came with the head, and leaves what is behind it", async () => {
  const { body, rest } = await call(`${TEXT}rest`).read;
  expect(body).toEqual({ line: "echo ä", env: {} });
  expect(rest.toString()).toBe("rest");
});

test("reads a body that comes in pieces, and nothing of what comes later", async () => {
  const { client, socket, read } = call("");
  for (const byte of Buffer.from(`${TEXT}re`)) client.write(Buffer.from([byte]));
  const { body, rest } = await read;
  expect(body).toEqual({ line: "echo ä", env: {} });
  client.end("st");
  const later = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>));
  expect(`${rest}${later}`).toBe("rest");
});

test.each([null, "", "0", "-1", "1.5", "x"])("a length of %j is no body", async (length) => {
  await expect(call(TEXT, length).read).rejects.toThrow("the body is missing");
});

test("refuses more than a body may be, before it comes", async () => {
  await expect(call("", 2 ** 40).read).rejects.toThrow("the body is over");
});

test("refuses what is no JSON", async () => {
  await expect(call("x".repeat(LENGTH)).read).rejects.toThrow("not valid JSON");
});

test("refuses a body that breaks off", async () => {
  const { client, read } = call("");
  client.end(TEXT.slice(1));
  await expect(read).rejects.toThrow("broke off");
});
