import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type IssuedCertificate, openCertificateAuthority } from "./certificate-authority.ts";
import { openGivenCertificate } from "./given-certificate.ts";

const START = Date.parse("2026-11-23T00:00:00Z");
let folder: string;
let time: number;
let refusals: string[];
let paths: { certificateFile: string; keyFile: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-given-"));
  time = START;
  refusals = [];
  paths = { certificateFile: join(folder, "fullchain.pem"), keyFile: join(folder, "privkey.pem") };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = () => new Date(time);

function issue(...hosts: string[]): IssuedCertificate {
  const files = { caFile: join(folder, "ca.pem"), keyFile: join(folder, "ca.key") };
  return openCertificateAuthority({ ...files, now }).issue(hosts);
}

function place({ cert, key }: { cert: string; key: string }): void {
  writeFileSync(paths.certificateFile, cert);
  writeFileSync(paths.keyFile, key);
}

const open = () => openGivenCertificate({ ...paths, now, refused: (reason) => refusals.push(reason) });

describe("a certificate from files", () => {
  test.each([
    ["apps.example.com", true],
    ["blog.apps.example.com", true],
    ["BLOG.apps.example.com", true],
    ["a.blog.apps.example.com", false],
    ["example.com", false],
    ["apps.example.com.evil.test", false],
    ["localhost", false],
    ["", false],
  ])("is used for %j: %s", (host, used) => {
    place(issue("apps.example.com", "*.apps.example.com"));
    expect(open().certificateFor(host) !== undefined).toBe(used);
  });

  test("is the same one until its files change", () => {
    place(issue("a.example.com"));
    const given = open();
    const first = given.certificateFor("a.example.com");
    time += 60_000;
    expect(given.certificateFor("a.example.com")).toBe(first);
  });

  test("is read again when its files are replaced, also behind links", () => {
    const live = join(folder, "live");
    place(issue("a.example.com"));
    for (const path of Object.values(paths)) {
      renameSync(path, `${path}.1`);
      symlinkSync(`${path}.1`, path);
    }
    const given = open();
    const renewed = issue("b.example.com");
    for (const [path, text] of [
      [paths.certificateFile, renewed.cert],
      [paths.keyFile, renewed.key],
    ] as const) {
      writeFileSync(`${path}.2`, text);
      symlinkSync(`${path}.2`, live);
      renameSync(live, path);
    }
    expect(given.certificateFor("b.example.com")).toBeUndefined();
    time += 1_000;
    expect(given.certificateFor("b.example.com")).toBeDefined();
    expect(given.certificateFor("a.example.com")).toBeUndefined();
    expect(refusals).toEqual([]);
  });

  test("is read again although the clock went back", () => {
    place(issue("a.example.com"));
    const given = open();
    time -= 300_000;
    place(issue("b.example.com"));
    expect(given.certificateFor("b.example.com")).toBeDefined();
  });

  test.each<[string, () => void, RegExp]>([
    ["the key is not there", () => rmSync(paths.keyFile), /CONIFER_TLS_KEY names, cannot be read/],
    [
      "the certificate is not there",
      () => rmSync(paths.certificateFile),
      /CONIFER_TLS_CERTIFICATE names, cannot be read/,
    ],
    ["the key is another's", () => writeFileSync(paths.keyFile, issue("x.test").key), /is not that of/],
    [
      "the certificate is none",
      () => writeFileSync(paths.certificateFile, "x"),
      /is not a certificate in PEM/,
    ],
    ["the key is none", () => writeFileSync(paths.keyFile, "not one at all"), /is not a private key in PEM/],
  ])("stays in use while %s, which is told once; at a start it is refused", (_name, spoil, reason) => {
    place(issue("a.example.com"));
    const given = open();
    spoil();
    time += 1_000;
    expect(given.certificateFor("a.example.com")).toBeDefined();
    time += 1_000;
    expect(given.certificateFor("a.example.com")).toBeDefined();
    expect(refusals).toEqual([expect.stringMatching(reason)]);
    expect(open).toThrow(reason);
    place(issue("b.example.com"));
    time += 1_000;
    expect(given.certificateFor("b.example.com")).toBeDefined();
  });

  test("that has expired is shown where there is no other, and told", () => {
    place(issue("a.example.com"));
    time += 91 * 86_400_000;
    expect(open().certificateFor("a.example.com")).toBeDefined();
    expect(refusals).toEqual([expect.stringMatching(/expired on 2027-02-21\. Renew it/)]);
  });

  test("that has expired takes the place of none that has not", () => {
    const old = issue("b.example.com");
    time += 91 * 86_400_000;
    place(issue("a.example.com"));
    const given = open();
    place(old);
    time += 1_000;
    expect(given.certificateFor("b.example.com")).toBeUndefined();
    expect(given.certificateFor("a.example.com")).toBeDefined();
    expect(refusals).toEqual([expect.stringMatching(/expired/)]);
  });
});
