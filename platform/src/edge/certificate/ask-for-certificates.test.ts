import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LogFields, silentLogger } from "../../kernel/index.ts";
import { type AskOptions, CertificatesOnDemand } from "./ask-for-certificates.ts";
import { readAskedCertificates, recordFile, writeRecord } from "./asked-certificate-files.ts";
import { IssueError } from "./certificate-ports.ts";
import { type ScriptedIssuer, scriptedIssuer } from "./scripted-issuer-fixtures.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const A = "a.apps.example.com";
const B = "b.apps.example.com";
const HERE = "https://ca.example.com/directory";
const none = new AbortController().signal;

let folder: string;
let time: number;
let issuer: ScriptedIssuer;
let served: Set<string>;
let told: (LogFields & { said: string })[];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "conifer-asked-")), "acme");
  time = Date.parse("2026-11-23T00:00:00Z");
  issuer = scriptedIssuer(() => time);
  served = new Set([A, B]);
  told = [];
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const tell = (said: string, fields: LogFields = {}) => void told.push({ said, ...fields });
const logger = { ...silentLogger, info: tell, warn: tell, error: tell };

function open(more: Partial<AskOptions> = {}): Promise<CertificatesOnDemand> {
  return CertificatesOnDemand.open({
    ...{ folder, authority: HERE, issuer, own: [], now: () => new Date(time), logger },
    wants: (host) => served.has(host),
    ...more,
  });
}

/** Makes attempts until none is due. */
async function settle(certificates: CertificatesOnDemand): Promise<void> {
  while (await certificates.work(none));
}

async function opened(...hosts: string[]): Promise<CertificatesOnDemand> {
  const certificates = await open();
  for (const host of hosts) certificates.certificateFor(host);
  return certificates;
}

const refusing = (error: Error) => async () => Promise.reject(error);
const notProven = new IssueError("name", "not proven");
const away = new IssueError("authority", "away");

describe("a name is asked for", () => {
  test("when a visitor comes, who gets none yet; the next one gets it", async () => {
    const certificates = await open();
    await settle(certificates);
    expect(issuer.asked).toEqual([]);
    expect(certificates.certificateFor(A)).toBeUndefined();
    await settle(certificates);
    expect(issuer.asked).toEqual([A]);
    const context = certificates.certificateFor(A);
    expect(context).toBeDefined();
    expect(certificates.certificateFor(A)).toBe(context);
    expect(told).toMatchObject([{ said: "a certificate was issued", host: A }]);
  });

  test("once, however many come", async () => {
    const certificates = await opened(...Array<string>(100).fill(A));
    await settle(certificates);
    for (let n = 0; n < 100; n += 1) certificates.certificateFor(A);
    await settle(certificates);
    expect(issuer.asked).toEqual([A]);
  });

  test("never when it is not served here, or can have none", async () => {
    served.add("localhost").add("*.example.com").add("192.0.2.1");
    const hostile = Array.from({ length: 1_000 }, (_, n) => `x${n}.apps.example.com`);
    const certificates = await opened("localhost", "*.example.com", "192.0.2.1", "../../x", "", ...hostile);
    await settle(certificates);
    expect(issuer.asked).toEqual([]);
    expect(existsSync(join(folder, "names"))).toBe(false);
  });

  test("not any more when it went away before its turn", async () => {
    const certificates = await opened(A, B);
    served.delete(A);
    await settle(certificates);
    expect(issuer.asked).toEqual([B]);
  });

  test("by itself and first, when it is our own", async () => {
    served.add("apps.example.com");
    const certificates = await open({ own: ["apps.example.com"] });
    certificates.certificateFor(A);
    await settle(certificates);
    expect(issuer.asked).toEqual(["apps.example.com", A]);
  });

  test("so many times in an hour, restarts included, and no more", async () => {
    const hosts = Array.from({ length: 9 }, (_, n) => `h${n}.apps.example.com`);
    for (const host of hosts) served.add(host);
    const visited = async () => {
      const certificates = await open({ perHour: 4 });
      for (const host of hosts) certificates.certificateFor(host);
      await settle(certificates);
      return certificates;
    };
    await visited();
    await visited();
    expect(issuer.asked).toEqual(hosts.slice(0, 4));
    time += 60 * MINUTE;
    await settle(await visited());
    expect(issuer.asked).toEqual(hosts.slice(0, 8));
  });

  test("and while too many wait, others are not remembered", async () => {
    const certificates = await open({ mostWaiting: 1 });
    certificates.certificateFor(A);
    certificates.certificateFor(B);
    await settle(certificates);
    expect(issuer.asked).toEqual([A]);
    certificates.certificateFor(B);
    await settle(certificates);
    expect(issuer.asked).toEqual([A, B]);
  });
});

test("while a name is proven its token is answered, at this host alone", async () => {
  const certificates = await opened(A);
  const seen: (string | undefined)[] = [];
  issuer.middle = async () => {
    seen.push(
      certificates.proof(A, "a-token"),
      certificates.proof(B, "a-token"),
      certificates.proof(A, "other"),
    );
  };
  await settle(certificates);
  expect(seen).toEqual([`a-token of ${A}`, undefined, undefined]);
  expect(certificates.proof(A, "a-token")).toBeUndefined();
});

describe("a certificate", () => {
  test("outlives a restart, with its key, for nobody else to read", async () => {
    await settle(await opened(A));
    expect((await open()).certificateFor(A)).toBeDefined();
    const file = recordFile(folder, A);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "names")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "names"))).toEqual([`${A}.json`]);
    expect(readFileSync(file, "utf8")).toContain("PRIVATE KEY");
  });

  test("is replaced when two thirds of its time are over, and serves meanwhile", async () => {
    const certificates = await opened(A);
    await settle(certificates);
    const first = certificates.certificateFor(A);
    time += 59 * DAY;
    await settle(certificates);
    expect(issuer.asked).toHaveLength(1);
    time += 2 * DAY;
    issuer.middle = async () => void expect(certificates.certificateFor(A)).toBe(first);
    await settle(certificates);
    expect(issuer.asked).toEqual([A, A]);
    expect(certificates.certificateFor(A)).not.toBe(first);
  });

  test("is not replaced when its name is not served any more, and removed when it is over", async () => {
    const certificates = await opened(A);
    await settle(certificates);
    served.delete(A);
    time += 80 * DAY;
    await settle(certificates);
    expect(issuer.asked).toHaveLength(1);
    expect(existsSync(recordFile(folder, A))).toBe(true);
    time += 11 * DAY;
    await settle(certificates);
    expect(existsSync(recordFile(folder, A))).toBe(false);
    expect(certificates.certificateFor(A)).toBeUndefined();
  });

  test("of another authority serves until this one has issued", async () => {
    await settle(await opened(A));
    const certificates = await open({ authority: "https://other.example.com/" });
    expect(certificates.certificateFor(A)).toBeDefined();
    await settle(certificates);
    expect(issuer.asked).toEqual([A, A]);
    const { records } = await readAskedCertificates(folder);
    expect(records[0]?.current?.authority).toBe("https://other.example.com/");
  });

  test("that fails to be replaced serves until it is over", async () => {
    const certificates = await opened(A);
    await settle(certificates);
    issuer.middle = refusing(notProven);
    time += 61 * DAY;
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeDefined();
    time += 30 * DAY;
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeUndefined();
  });

  test.each([
    ["nothing", () => ""],
    ["something else", () => "<html>"],
    ["one that is cut off", (chain: string) => chain.slice(0, 200)],
    ["the root alone", (chain: string) => chain.slice(chain.lastIndexOf("-----BEGIN"))],
    ["one too many", (chain: string) => chain + chain],
  ])("that is %s is refused", async (_, send) => {
    issuer.send = send;
    const certificates = await opened(A);
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeUndefined();
    expect(told[0]).toMatchObject({ host: A, reason: expect.stringContaining("is of no use") });
  });
});

describe("an attempt that fails", () => {
  test("of a name lets others go on, and is made again later and later", async () => {
    issuer.middle = async ({ host }) => {
      if (host === A) throw notProven;
    };
    const certificates = await opened(A, B);
    await settle(certificates);
    expect(issuer.asked).toEqual([A, B]);
    for (const wait of [2, 4, 8]) {
      time += wait * MINUTE - 1;
      await settle(certificates);
      time += 1;
      await settle(certificates);
    }
    expect(issuer.asked).toEqual([A, B, A, A, A]);
    expect(told[0]).toMatchObject({ host: A, reason: "not proven", again: "2026-11-23T00:02:00.000Z" });
  });

  test("is remembered over a restart", async () => {
    issuer.middle = refusing(notProven);
    await settle(await opened(A));
    await settle(await opened(A));
    expect(issuer.asked).toEqual([A]);
    const { records } = await readAskedCertificates(folder);
    expect(records).toMatchObject([{ host: A, failures: 1, reason: "not proven" }]);
  });

  test.each([
    ["away", away],
    ["broken in a way that we did not think of", new TypeError("x is not a function")],
  ])("because the authority is %s stops all for a while", async (_, error) => {
    issuer.middle = refusing(error);
    const certificates = await opened(A, B);
    await settle(certificates);
    expect(issuer.asked).toEqual([A]);
    expect((await readAskedCertificates(folder)).trouble).toMatchObject({
      reason: error.message,
      failures: 1,
    });
    await settle(await opened(A, B));
    expect(issuer.asked).toEqual([A]);
    issuer.middle = async () => {};
    time += MINUTE;
    await settle(certificates);
    expect(issuer.asked).toEqual([A, A, B]);
    expect((await readAskedCertificates(folder)).trouble).toBeUndefined();
  });

  test("does not stop another authority from being asked", async () => {
    issuer.middle = refusing(away);
    await settle(await opened(A));
    issuer.middle = async () => {};
    const certificates = await open({ authority: "https://other.example.com/" });
    certificates.certificateFor(A);
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeDefined();
    expect((await readAskedCertificates(folder)).trouble).toBeDefined();
  });

  test("with the wish to be left alone is not made before", async () => {
    issuer.middle = refusing(new IssueError("authority", "too many", { retryAfterMs: 2 * DAY }));
    const certificates = await opened(A);
    await settle(certificates);
    issuer.middle = async () => {};
    time += 2 * DAY - 1;
    await settle(certificates);
    expect(issuer.asked).toHaveLength(1);
    time += 1;
    await settle(certificates);
    expect(issuer.asked).toHaveLength(2);
  });
});

describe("a process that ends in the middle", () => {
  /** As kill -9 leaves it: what the disk has at the moment of the proof. */
  async function killedInTheMiddle(): Promise<void> {
    let onDisk = "";
    issuer.middle = async () => {
      onDisk = readFileSync(recordFile(folder, A), "utf8");
    };
    await settle(await opened(A));
    writeFileSync(recordFile(folder, A), onDisk);
    writeFileSync(`${recordFile(folder, A)}.part`, "half");
    issuer.middle = async () => {};
  }

  test("is followed by one that goes on with the order, at once and with its key", async () => {
    await killedInTheMiddle();
    const { records } = await readAskedCertificates(folder);
    const certificates = await open();
    await settle(certificates);
    expect(issuer.resumed).toEqual([undefined, "order/1"]);
    expect((await readAskedCertificates(folder)).records[0]?.current?.key).toBe(records[0]?.order?.key);
    expect(certificates.certificateFor(A)).toBeDefined();
  });

  test("before there was an order is followed by one that waits", async () => {
    await killedInTheMiddle();
    const { records } = await readAskedCertificates(folder);
    const [record] = records;
    if (!record?.order) throw new Error("there is no order");
    const { reference: _, ...order } = record.order;
    await writeRecord(folder, { ...record, order });
    const certificates = await opened(A);
    await settle(certificates);
    expect(issuer.asked).toHaveLength(1);
    time += 2 * MINUTE;
    await settle(certificates);
    expect(issuer.resumed).toEqual([undefined, undefined]);
  });

  test("because it was stopped stops soon, and counts no failure of the authority", async () => {
    let begun = () => {};
    const middle = new Promise<void>((resolve) => (begun = resolve));
    issuer.middle = async (_, signal) => {
      begun();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    };
    const certificates = await opened(A);
    const running = certificates.start();
    await middle;
    await running.stop();
    expect((await readAskedCertificates(folder)).trouble).toBeUndefined();
    issuer.middle = async () => {};
    await settle(await open());
    expect(issuer.resumed).toEqual([undefined, "order/1"]);
  });
});

describe("a disk", () => {
  test("with damaged files is told of, and what was lost is asked for again", async () => {
    await settle(await opened(A, B));
    writeFileSync(recordFile(folder, A), '{"host":"a.apps.example.com"');
    writeFileSync(
      recordFile(folder, B),
      JSON.stringify({ host: B, failures: 0, nextAt: 0, current: { chain: 1 } }),
    );
    writeFileSync(join(folder, "names", "..json"), "{}");
    writeFileSync(join(folder, "names", "notes.txt"), "mine");
    told = [];
    const certificates = await opened(A, B);
    expect(told.map(({ reason }) => reason)).toEqual([
      expect.stringContaining(A),
      expect.stringContaining("not whole"),
    ]);
    time += 60 * MINUTE;
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeDefined();
    expect(certificates.certificateFor(B)).toBeDefined();
  });

  test("that damaged a certificate has it asked for again, and nobody is shown it", async () => {
    await settle(await opened(A));
    const { records } = await readAskedCertificates(folder);
    const [record] = records;
    if (!record?.current) throw new Error("there is no certificate");
    await writeRecord(folder, { ...record, current: { ...record.current, chain: "damaged" } });
    const certificates = await open();
    expect(certificates.certificateFor(A)).toBeUndefined();
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeDefined();
    expect(told.map(({ said }) => said)).toContain("a certificate on disk is damaged; it is asked for again");
  });

  test("with something else in the folder's place keeps nobody from starting", async () => {
    writeFileSync(folder, "");
    const certificates = await opened(A);
    await settle(certificates);
    expect(issuer.asked).toEqual([]);
    expect(told.length).toBeGreaterThan(0);
  });

  test("that cannot be written to has nothing ordered, since nobody would remember", async () => {
    mkdirSync(recordFile(folder, A), { recursive: true });
    const certificates = await opened(A);
    rmSync(recordFile(folder, A), { recursive: true });
    mkdirSync(join(recordFile(folder, A), "in the way"), { recursive: true });
    await settle(certificates);
    expect(issuer.asked).toEqual([]);
    expect(told.map(({ reason }) => reason)).toContainEqual(expect.stringContaining("cannot be written"));
  });

  test("that fails at the end does not take the certificate away", async () => {
    const certificates = await opened(A);
    issuer.middle = async () => {
      rmSync(recordFile(folder, A));
      mkdirSync(join(recordFile(folder, A), "in the way"), { recursive: true });
    };
    await settle(certificates);
    expect(certificates.certificateFor(A)).toBeDefined();
    expect(told.map(({ said }) => said)).toContain("a certificate is not kept on disk");
  });

  test("of an earlier start with open modes has its files written for us alone", async () => {
    mkdirSync(join(folder, "names"), { recursive: true });
    writeFileSync(`${recordFile(folder, A)}.part`, "");
    chmodSync(`${recordFile(folder, A)}.part`, 0o644);
    await settle(await opened(A));
    expect(statSync(recordFile(folder, A)).mode & 0o777).toBe(0o600);
  });
});

test("what would end comes before what was never there", async () => {
  const certificates = await opened(A);
  await settle(certificates);
  time += 61 * DAY;
  certificates.certificateFor(B);
  await settle(certificates);
  expect(issuer.asked).toEqual([A, A, B]);
});

test("what is started asks by itself", async () => {
  const certificates = await open();
  const running = certificates.start();
  certificates.certificateFor(A);
  await expect.poll(() => certificates.certificateFor(A)).toBeDefined();
  certificates.certificateFor(B);
  await expect.poll(() => certificates.certificateFor(B)).toBeDefined();
  await running.stop();
});
