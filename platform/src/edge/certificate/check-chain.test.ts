import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { makeSigningRequest } from "./certificate.ts";
import { checkChain } from "./check-chain.ts";
import { scriptedIssuer } from "./scripted-issuer-fixtures.ts";

const NOW = Date.parse("2026-11-23T00:00:00Z");
const DAY = 86_400_000;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const otherKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;

async function chainFor(host: string): Promise<string> {
  return await scriptedIssuer(() => NOW).issue(
    {
      ...{ host, signingRequest: makeSigningRequest([host], privateKey), resume: undefined },
      ...{ ordered: async () => {}, prove: () => () => {} },
    },
    new AbortController().signal,
  );
}

const asked = { host: "a.example.com", key, authority: "https://ca.example.com/", now: NOW + DAY };

test("a chain that is what was asked for is taken, without what stands around it", async () => {
  const chain = await chainFor("a.example.com");
  const noisy = `subject=/CN=a\n${chain.replaceAll("\n", "\r\n")}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`;
  const taken = checkChain(noisy, asked);
  expect(taken).toMatchObject({ authority: asked.authority, key, from: NOW, to: NOW + 90 * DAY });
  expect(taken.chain.match(/BEGIN/g)).toHaveLength(2);
  expect(taken.chain).not.toContain("PRIVATE");
});

test.each([
  ["is of another key", { key: otherKey }],
  ["does not name b.example.com", { host: "b.example.com" }],
  ["does not name example.com", { host: "example.com" }],
  ["clock", { now: NOW - 1_000 }],
  ["clock", { now: NOW + 90 * DAY }],
])("one that %s is refused: %o", async (why, other) => {
  const chain = await chainFor("a.example.com");
  expect(() => checkChain(chain, { ...asked, ...other })).toThrow(why);
});

test("one whose parts do not lead to each other is refused, and one without end", async () => {
  const [leaf = "", root = ""] = (await chainFor("a.example.com")).split(/(?<=-----END CERTIFICATE-----\n)/);
  const [, strange = ""] = (await chainFor("a.example.com")).split(/(?<=-----END CERTIFICATE-----\n)/);
  expect(() => checkChain(leaf + strange, asked)).toThrow("did not sign");
  expect(() => checkChain(leaf + root.repeat(10), asked)).toThrow("there are 11");
  expect(checkChain(leaf, asked).chain).toBe(leaf);
});
