import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ScriptedAuthority,
  startScriptedAuthority,
} from "../drivers/acme/issuer/scripted-authority-fixtures.ts";
import { type LogFields, silentLogger } from "../kernel/index.ts";
import { makeHome } from "./home.ts";
import { type IssuedTls, openIssued } from "./issued-tls.ts";

const DOMAIN = "apps.example.com";
let root: string;
let authority: ScriptedAuthority;
let issued: IssuedTls | undefined;
let told: (LogFields & { said: string })[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-issued-tls-"));
  authority = await startScriptedAuthority();
  authority.proof = async (host, token) => issued?.certificates.proof(host, token);
  writeFileSync(join(root, "bundle.pem"), authority.ca);
  told = [];
});
afterEach(async () => {
  await issued?.stop();
  await authority.stop();
  rmSync(root, { recursive: true, force: true });
});

const tell = (said: string, fields: LogFields = {}) => void told.push({ said, ...fields });

async function open(bundle = "bundle.pem", directory = authority.directory) {
  issued = await openIssued({
    config: {
      ...{
        acme: { directory, email: "you@example.com", binding: undefined },
        home: makeHome(root),
        domain: DOMAIN,
      },
      caBundle: join(root, bundle),
    },
    wants: () => true,
    env: {},
    logger: { ...silentLogger, info: tell, warn: tell, error: tell },
  });
  return issued;
}

test("nothing is opened unless the operator says so", async () => {
  const config = { acme: undefined, home: makeHome(root), domain: DOMAIN, caBundle: undefined };
  expect(await openIssued({ config, wants: () => true, env: {}, logger: silentLogger })).toBeUndefined();
  expect(readdirSync(root)).toEqual(["bundle.pem"]);
});

test("the domain's certificate is asked for once it is started, and what is kept is for nobody else", async () => {
  const first = await open();
  expect(first?.certificates.certificateFor(DOMAIN)).toBeUndefined();
  expect(authority.asked).toEqual([]);
  first?.start();
  await expect.poll(() => first?.certificates.certificateFor(DOMAIN)).toBeDefined();
  const files = readdirSync(join(root, "acme")).sort();
  expect(files).toEqual([expect.stringMatching(/^account-[0-9a-f]{8}\.json$/), "names"]);
  for (const file of files) expect(statSync(join(root, "acme", file)).mode & 0o077).toBe(0);
  expect(JSON.stringify(told)).not.toContain("PRIVATE KEY");
});

test("accounts of two authorities stand beside each other, and the first is found again", async () => {
  const use = async (directory: string) => {
    const one = await open("bundle.pem", directory);
    await one?.certificates.work(new AbortController().signal);
    await one?.stop();
  };
  await use(authority.directory);
  await use(`${authority.directory}?other`);
  expect(readdirSync(join(root, "acme")).filter((name) => name.startsWith("account-"))).toHaveLength(2);
});

test("a bundle that cannot be read is told, and keeps nobody from starting", async () => {
  const one = await open("none.pem");
  await one?.certificates.work(new AbortController().signal);
  expect(told[0]?.said).toContain("CONIFER_CA_BUNDLE");
  expect(told[1]?.reason).toContain("CONIFER_CA_BUNDLE");
});
