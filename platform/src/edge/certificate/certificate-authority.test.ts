import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CertificateAuthority, openCertificateAuthority } from "./certificate-authority.ts";
import { makeCertificateCache } from "./certificate-cache.ts";

const DAY = 24 * 60 * 60 * 1000;
let folder: string;
let now: Date;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-ca-"));
  now = new Date();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(): CertificateAuthority {
  return openCertificateAuthority({
    caFile: join(folder, "ca.pem"),
    keyFile: join(folder, "keys", "ca.key"),
    now: () => now,
  });
}

describe("the certificate authority", () => {
  it("makes its key for its owner's eyes only and leaves no draft behind", () => {
    open();
    expect(statSync(join(folder, "keys", "ca.key")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "keys")).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(["ca.pem", "keys"]);
    expect(readdirSync(join(folder, "keys"))).toEqual(["ca.key"]);
  });

  it("issues for as long as it is told", () => {
    const files = { caFile: join(folder, "ca.pem"), keyFile: join(folder, "keys", "ca.key") };
    const issued = openCertificateAuthority({ ...files, now: () => now, leafDays: 3_000 }).issue([
      "a.localhost",
    ]);
    expect(issued.notAfter.getTime()).toBe(now.getTime() + 3_000 * DAY);
    expect(issued.renewAt.getTime()).toBe(now.getTime() + 2_000 * DAY);
  });

  it("is the same when opened again", () => {
    expect(open().caPem).toBe(open().caPem);
  });

  it("makes a lost certificate again from the key, good for leaves issued before", () => {
    const { cert } = open().issue(["a.localhost"]);
    rmSync(join(folder, "ca.pem"));
    const again = new X509Certificate(open().caPem);
    expect(new X509Certificate(cert).verify(again.publicKey)).toBe(true);
    expect(new X509Certificate(cert).checkIssued(again)).toBe(true);
  });

  it("replaces a certificate of another key", () => {
    open();
    rmSync(join(folder, "keys", "ca.key"));
    const { caPem, issue } = open();
    expect(new X509Certificate(issue(["a.localhost"]).cert).checkIssued(new X509Certificate(caPem))).toBe(
      true,
    );
  });

  it("renews its certificate in its last year", () => {
    const first = open().caPem;
    now = new Date(now.getTime() + 8 * 365 * DAY);
    expect(open().caPem).toBe(first);
    now = new Date(now.getTime() + 2 * 365 * DAY);
    expect(open().caPem).not.toBe(first);
    expect(readFileSync(join(folder, "ca.pem"), "utf8")).toBe(open().caPem);
  });

  it("makes its certificate again when a clock that was ahead has left one that is not good yet", () => {
    const today = now;
    now = new Date(today.getTime() + 30 * DAY);
    const early = open().caPem;
    now = today;
    const { caPem } = open();
    expect(caPem).not.toBe(early);
    expect(new X509Certificate(caPem).validFromDate.getTime()).toBeLessThan(now.getTime());
    expect(open().caPem).toBe(caPem);
  });

  it.each(["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])(
    "makes its certificate again when the file holds %j",
    (text) => {
      const { cert } = open().issue(["a.localhost"]);
      writeFileSync(join(folder, "ca.pem"), text);
      expect(new X509Certificate(cert).checkIssued(new X509Certificate(open().caPem))).toBe(true);
    },
  );

  it("is one authority when it is opened in several places at once", () => {
    const all = Array.from({ length: 5 }, open);
    const ca = new X509Certificate(all[0]?.caPem ?? "");
    for (const { issue } of all)
      expect(new X509Certificate(issue(["a.localhost"]).cert).verify(ca.publicKey)).toBe(true);
    const serials = all.map(({ issue }) => new X509Certificate(issue(["a.localhost"]).cert).serialNumber);
    expect(new Set(serials).size).toBe(5);
    expect(serials.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true);
  });

  it("says what to do when its key cannot be read", () => {
    open();
    writeFileSync(join(folder, "keys", "ca.key"), "nonsense");
    expect(open).toThrow(/is not a private key.*Restore it/);
  });

  it("issues leaves for names and addresses that last 90 days", () => {
    const issued = open().issue(["localhost", "127.0.0.1", "::1"]);
    const leaf = new X509Certificate(issued.cert);
    expect(leaf.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkHost("a.localhost")).toBeUndefined();
    expect(leaf.ca).toBe(false);
    expect(Math.round((leaf.validToDate.getTime() - now.getTime()) / DAY)).toBe(90);
    expect(issued.renewAt < issued.notAfter).toBe(true);
  });

  it("names a host too long for a common name in the alternative names only", () => {
    const host = `${"a".repeat(60)}.apps.example.com`;
    const leaf = new X509Certificate(open().issue([host]).cert);
    expect(leaf.subject).toContain("a Conifer app");
    expect(leaf.checkHost(host)).toBe(host);
  });

  it.skipIf(!existsSync("/usr/bin/openssl"))("passes OpenSSL's strict verification", () => {
    const { issue } = open();
    writeFileSync(join(folder, "leaf.pem"), issue(["a.localhost"]).cert);
    const file = (name: string) => join(folder, name);
    const checks = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", "a.localhost"];
    const out = execFileSync("openssl", ["verify", ...checks, "-CAfile", file("ca.pem"), file("leaf.pem")]);
    expect(out.toString()).toContain("OK");
  });
});

describe("the certificate cache", () => {
  it("serves each host over TLS to a client that trusts the authority", async () => {
    const authority = open();
    const certificateFor = makeCertificateCache({ authority, now: () => now });
    const server = createServer({ SNICallback: (host, done) => done(null, certificateFor(host)) });
    server.on("secureConnection", (socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    for (const servername of ["a.localhost", "b.localhost"]) {
      const client = connect({ port, host: "127.0.0.1", servername, ca: authority.caPem });
      await new Promise<void>((resolve, reject) => {
        client.once("secureConnect", resolve).once("error", reject);
      });
      expect((client as TLSSocket).authorized).toBe(true);
      client.destroy();
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it("asks the authority once for a host until the certificate is due, and forgets the oldest beyond its limit", () => {
    const issued: string[] = [];
    const authority = open();
    const counting = {
      ...authority,
      issue: (hosts: readonly string[]) => {
        issued.push(...hosts);
        return authority.issue(hosts);
      },
    };
    const certificateFor = makeCertificateCache({ authority: counting, now: () => now, limit: 2 });
    certificateFor("a");
    certificateFor("a");
    expect(issued).toEqual(["a"]);
    now = new Date(now.getTime() + 61 * DAY);
    certificateFor("a");
    expect(issued).toEqual(["a", "a"]);
    certificateFor("b");
    certificateFor("c");
    certificateFor("a");
    expect(issued).toEqual(["a", "a", "b", "c", "a"]);
  });
});
