import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import { CertificatesOnDemand } from "./ask-for-certificates.ts";
import { recordFile } from "./asked-certificate-files.ts";
import { openKeptCertificate } from "./kept-certificate.ts";
import { scriptedIssuer } from "./scripted-issuer-fixtures.ts";

const HOST = "apps.example.com";
const DAY = 86_400_000;
let folder: string;
let time: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-kept-"));
  time = Date.parse("2026-11-23T00:00:00Z");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = () => new Date(time);

/** What the router does in its process. */
async function issueAgain(): Promise<void> {
  const certificates = await CertificatesOnDemand.open({
    ...{
      folder,
      authority: `https://ca-${time}.example.com/`,
      issuer: scriptedIssuer(() => time),
      own: [HOST],
    },
    ...{ wants: () => true, now, logger: silentLogger },
  });
  await certificates.work(new AbortController().signal);
}

test("a certificate that another process asks for is used as soon as it is there, and replaced with it", async () => {
  const kept = openKeptCertificate({ folder, host: HOST, now });
  expect(kept()).toBeUndefined();
  await issueAgain();
  expect(kept()).toBeUndefined();
  time += 1_000;
  const first = kept();
  expect(first).toBeDefined();
  time += 60 * DAY;
  expect(kept()).toBe(first);
  await issueAgain();
  time += 1_000;
  expect(kept()).not.toBe(first);
  time += 91 * DAY;
  expect(kept()).toBeUndefined();
});

test("a file that is damaged leaves what was there in use, one that is gone does not", async () => {
  const kept = openKeptCertificate({ folder, host: HOST, now });
  await issueAgain();
  const first = kept();
  writeFileSync(recordFile(folder, HOST), "{");
  time += 1_000;
  expect(kept()).toBe(first);
  rmSync(recordFile(folder, HOST));
  time += 1_000;
  expect(kept()).toBeUndefined();
});

test("a name that has none yet, or never will", () => {
  mkdirSync(join(folder, "names"));
  const record = { host: HOST, failures: 1, nextAt: 0, reason: "not proven" };
  writeFileSync(recordFile(folder, HOST), JSON.stringify(record));
  expect(openKeptCertificate({ folder, host: HOST, now })()).toBeUndefined();
  expect(openKeptCertificate({ folder, host: "localhost", now })()).toBeUndefined();
});
