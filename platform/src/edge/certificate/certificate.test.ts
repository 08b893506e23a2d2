import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CertificateContent,
  commonNameFor,
  makeCertificate,
  makeSigningRequest,
} from "./certificate.ts";
import { oid } from "./der.ts";

const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });

const make = (content: Partial<CertificateContent>, key = authority.privateKey) =>
  new X509Certificate(
    makeCertificate(
      {
        ...{ serial: Buffer.from([1]), issuer: "the authority", subject: "a", publicKey: other.publicKey },
        ...{ notBefore: new Date("2030-01-01"), notAfter: new Date("2030-03-01") },
        use: { kind: "server", hosts: ["a.localhost"] },
        ...content,
      },
      key,
    ),
  );

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,12}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
const seconds = fc.integer({ min: 0, max: Date.UTC(2120, 0) / 1000 });

describe("a certificate, read by node:crypto", () => {
  it("has the serial, names and times that were asked for", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 30, unit: "grapheme-ascii" })
      .filter((text) => !/[+,=\\"<>;#\n]/.test(text) && text.trim() === text);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        name,
        seconds,
        seconds,
        (serial, subject, from, to) => {
          const made = make({
            serial,
            subject,
            notBefore: new Date(from * 1000),
            notAfter: new Date(to * 1000 + 999),
          });
          const hex = Buffer.from(serial).toString("hex").toUpperCase();
          expect(BigInt(`0x${made.serialNumber}`)).toBe(BigInt(`0x${hex}`));
          expect(made.subject).toBe(`O=Conifer\nCN=${subject}`);
          expect(made.issuer).toBe("O=Conifer\nCN=the authority");
          expect([made.validFromDate.getTime(), made.validToDate.getTime()]).toEqual([
            from * 1000,
            to * 1000,
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is good for each of its names and addresses, in any number, and for no other", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(
        fc.uniqueArray(host, { maxLength: 12 }),
        fc.uniqueArray(address, { maxLength: 4 }),
        host,
        (hosts, addresses, stranger) => {
          const made = make({ use: { kind: "server", hosts: [...hosts, ...addresses] } });
          for (const one of hosts) expect(made.checkHost(one)).toBe(one);
          for (const one of addresses) expect(made.checkIP(one), one).toBe(one);
          if (!hosts.includes(stranger))
            expect(made.checkHost(stranger, { subject: "never" })).toBeUndefined();
          expect(made.ca).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is signed by the authority's key and no other, and changes with every byte of its content", () => {
    const made = make({});
    expect(made.verify(authority.publicKey)).toBe(true);
    expect(made.verify(other.publicKey)).toBe(false);
    const raw = Buffer.from(made.raw);
    const names = raw.indexOf("a.localhost");
    raw.writeUInt8("b".charCodeAt(0), names);
    expect(new X509Certificate(raw).verify(authority.publicKey)).toBe(false);
  });

  it("takes one wildcard label where a wildcard was asked for", () => {
    const made = make({ use: { kind: "server", hosts: ["*.apps.example.com"] } });
    expect(made.checkHost("a.apps.example.com")).toBe("*.apps.example.com");
    expect(made.checkHost("a.b.apps.example.com")).toBeUndefined();
    expect(made.checkHost("apps.example.com")).toBeUndefined();
  });

  it("of an authority may sign and ends the chain", () => {
    const made = make({
      use: { kind: "authority" },
      publicKey: authority.publicKey,
      subject: "the authority",
    });
    expect(made.ca).toBe(true);
    expect(make({}).checkIssued(made)).toBe(true);
    expect(make({ issuer: "someone else" }).checkIssued(made)).toBe(false);
    expect(made.subjectAltName).toBeUndefined();
    expect(made.keyUsage).toBeUndefined();
    expect(make({}).keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  it.skipIf(!existsSync("/usr/bin/openssl"))(
    "keeps OpenSSL's strict rules with a hundred names and long ones",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "strict-"));
      try {
        const hosts = [
          `${"a".repeat(63)}.${"b".repeat(63)}.example.com`,
          ...Array.from({ length: 99 }, (_, i) => `h${i}.example.com`),
          "::1",
        ];
        const root = make({
          use: { kind: "authority" },
          publicKey: authority.publicKey,
          subject: "the authority",
        });
        const file = (name: string, text: string) => {
          writeFileSync(join(folder, name), text);
          return join(folder, name);
        };
        const ca = file("ca.pem", root.toString());
        const leaf = file("leaf.pem", make({ use: { kind: "server", hosts } }).toString());
        const at = String(Date.UTC(2030, 1) / 1000);
        const verify = (...more: readonly string[]) =>
          execFileSync(
            "openssl",
            ["verify", "-attime", at, "-x509_strict", "-purpose", "sslserver", ...more, "-CAfile", ca, leaf],
            { stdio: "pipe" },
          ).toString();
        for (const one of hosts.slice(0, 3)) expect(verify("-verify_hostname", one)).toContain("OK");
        expect(verify("-verify_ip", "::1")).toContain("OK");
        expect(() => verify("-verify_hostname", "h99.example.com")).toThrow();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

describe.skipIf(!existsSync("/usr/bin/openssl"))("a signing request, read by openssl", () => {
  it.each([
    [["blog.apps.example.com"], ["DNS:blog.apps.example.com"]],
    [
      ["a.example.com", "10.0.0.1"],
      ["DNS:a.example.com", "IP Address:10.0.0.1"],
    ],
    [[`${"a".repeat(63)}.${"b".repeat(63)}.example.com`], ["DNS:aaaa"]],
  ])("is of its key and names %j", (hosts, texts) => {
    const request = makeSigningRequest(hosts, other.privateKey);
    const told = execFileSync("openssl", ["req", "-inform", "DER", "-noout", "-text", "-verify", "-pubkey"], {
      input: request,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    for (const text of texts) expect(told).toContain(text);
    expect(told).toContain("ecdsa-with-SHA256");
    expect(told).toContain(String(other.publicKey.export({ type: "spki", format: "pem" })).trim());
  });
});

it("a common name is the first that fits, or the fallback", () => {
  const [fits, long] = ["a".repeat(64), "b".repeat(65)];
  expect(commonNameFor([long, fits, "c"], "none")).toBe(fits);
  expect(commonNameFor([long], "none")).toBe("none");
  expect(commonNameFor([], "none")).toBe("none");
});

it.each([
  ["2.5.4.3", "0603550403"],
  ["1.3.6.1.4.1.311.60.2.1.3", "060b2b0601040182373c020103"],
  ["2.999.3", "0603883703"],
  ["2.25.4294967295", "060669 8fffffff7f".replace(" ", "")],
])("the object identifier %s is %s", (dotted, hex) => {
  expect(oid(dotted).toString("hex")).toBe(hex);
});

it("key identifiers follow from the key alone", () => {
  const spki = other.publicKey.export({ type: "spki", format: "der" });
  const expected = createHash("sha256").update(spki).digest().subarray(0, 20);
  expect(make({}).raw.includes(expected)).toBe(true);
  expect(make({ subject: "other", serial: Buffer.from([9]) }).raw.includes(expected)).toBe(true);
});
