import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callApi } from "../api-call.ts";
import { answers, pushFixtureApp } from "../fixture-life.ts";
import { findRemains } from "../platform-remains.ts";
import { CLONE, freePorts, type PlatformAccess } from "../running-platform.ts";
import { readGuide } from "../typed-guide.ts";
import { type StartedService, startService } from "../typed-unit.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * docs/guides/run-on-a-server.md, typed as it is written, with the machine's folders below one of the test's. What a unit starts is
 * started as the unit says. Each test goes on where the one before it ended.
 */

/** What is not for this machine: its packages, its services, its firewall, and those of others. */
const NOT_HERE =
  /^(?:apt-get|systemctl|journalctl|useradd|certbot|ufw|scp|ssh|heroku login|git clone|npm run -s doctor) ?/;

const blocks = readGuide(readFileSync(join(CLONE, "docs/guides/run-on-a-server.md"), "utf8"));
const root = mkdtempSync(join(tmpdir(), "cnf-server-"));
const home = join(root, "var/lib/conifer");
const tls = join(root, "etc/conifer/tls");
const backups = join(root, "var/backups/conifer");
const APP = "older-app.apps.example.com";
const LONG = 240_000;

const here = (text: string) =>
  text
    .replace(/(?<![\w.~<>-])\/(?=(?:etc|var|opt|root)\/)/g, `${root}/`)
    .replace(/~(?=\/)/g, join(root, "home"));

let ports: readonly [number, number, number];
let service: StartedService | undefined;
const typed: string[] = [];

/** Packages of the first set-up are taken from this clone: what npm installs is tried elsewhere. */
const PACKAGES_FIRST = `sh() {
  if [ "$1" = scripts/with-node.sh ]; then
    "${process.execPath}" --disable-warning=ExperimentalWarning -e \
      "import('${join(CLONE, "conformance/src/older-tree.ts")}').then((m) => m.linkPackages('${join(CLONE, "node_modules")}', 'node_modules'))"
  fi
  command sh "$@"
}`;

/** Types the commands of a section that are for this machine, in one shell; returns what they printed. */
function type(
  heading: string,
  {
    version = "1",
    env = {},
    after = "",
  }: { version?: string; env?: Record<string, string>; after?: string } = {},
): string {
  const commands = blocks.filter((block) => block.heading === heading).flatMap((block) => block.commands);
  typed.push(...commands);
  const lines = commands
    .filter((command) => !NOT_HERE.test(command))
    .map((command) => here(command).replaceAll("<version>", version));
  return execFileSync("sh", ["-ec", [PACKAGES_FIRST, ...lines, after].join("\n")], {
    ...{ cwd: existsSync(join(root, "opt/conifer")) ? join(root, "opt/conifer") : root, encoding: "utf8" },
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...{ HOME: join(root, "home"), CONIFER_TLS_FOLDER: tls, CONIFER_PORT: String(ports[0]) },
      ...env,
    },
  });
}

async function start(): Promise<void> {
  const [api, http, https] = ports.map(String) as [string, string, string];
  service = await startService({
    ...{ unit: join(root, "etc/systemd/system/conifer.service"), here },
    env: {
      ...{ CONIFER_PORT: api, CONIFER_ROUTER_PORT: http, CONIFER_ROUTER_TLS_PORT: https },
      CONIFER_LISTEN: "127.0.0.1",
    },
  });
}

async function restart(): Promise<void> {
  expect(await service?.stop()).toBe(0);
  service = undefined;
  await start();
}

/** It is given no config vars. */
const serves = (label: string) => answers({ routerPort: ports[1], host: APP }, `${label} nothing nothing`);

/** The names of the certificate that a host shows, and the status of its answer. */
function certificateOf(
  host: string,
  port: number,
): Promise<readonly [string | undefined, number | undefined]> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, servername: host, headers: { host }, agent: false as const };
    get({ ...options, rejectUnauthorized: false }, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on("end", () => resolve([fingerprint256, response.statusCode]));
    }).on("error", reject);
  });
}

/** Makes a certificate for the guide's names, as an authority would; returns its fingerprint. */
function issue(): string {
  const folder = join(root, "root/certificate");
  mkdirSync(folder, { recursive: true });
  const [key, cert] = [join(folder, "privkey.pem"), join(folder, "fullchain.pem")];
  const names = "subjectAltName=DNS:apps.example.com,DNS:*.apps.example.com";
  const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
  const files = ["-keyout", key, "-out", cert, "-subj", "/CN=apps.example.com", "-addext", names];
  execFileSync("openssl", ["req", "-x509", ...form, ...files], { stdio: "ignore" });
  const said = execFileSync("openssl", ["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"]);
  return String(said).trim().split("=")[1] ?? "";
}

beforeAll(async () => {
  ports = await freePorts();
  const first = join(root, "opt/conifer-1");
  mkdirSync(join(root, "home"));
  execFileSync("git", ["clone", "--quiet", "--shared", CLONE, first]);
  execFileSync("git", ["-C", first, "tag", "2"]);
}, LONG);
afterAll(async () => {
  await service?.stop();
  rmSync(root, { recursive: true, force: true });
}, LONG);

test("installs a version, its settings and its unit", () => {
  expect(type("Install")).toMatch(/^v24\./m);
  for (const section of ["Settings", "Start", "As an ordinary account"]) type(section);
  const units = join(root, "etc/systemd/system");
  expect(readdirSync(units).sort()).toEqual([
    ...["conifer-backup.service.d", "conifer.service", "conifer.service.d"],
  ]);
  for (const name of ["conifer", "conifer-backup"])
    expect(readdirSync(join(units, `${name}.service.d`))).toEqual(["account.conf"]);
  expect(statSync(join(root, "etc/conifer/conifer.env")).mode & 0o777).toBe(0o600);
}, 60_000);

test(
  "starts as the unit says, and serves an app at its domain",
  async () => {
    await start();
    const access = JSON.parse(readFileSync(join(home, "access.json"), "utf8")) as PlatformAccess;
    expect([access.domain, access.email]).toEqual(["apps.example.com", "you@example.com"]);
    const platform = { apiPort: ports[0], access };
    const caller = { platform, token: access.token };
    expect((await callApi(caller, "POST", "/apps", { name: "older-app" })).status).toBe(201);
    pushFixtureApp(platform, mkdtempSync(join(root, "app-")), "one");
    await serves("one");
  },
  LONG,
);

test(
  "shows the operator's certificate, and the one that replaces it",
  async () => {
    const fallback = await certificateOf(APP, ports[2]);
    const first = issue();
    type("Certificates");
    await restart();
    await serves("one");
    expect(await certificateOf(APP, ports[2])).toEqual([first, 200]);
    expect(fallback).toEqual([expect.not.stringContaining(first), 200]);
    expect(await certificateOf("apps.example.com", ports[0])).toEqual([first, 404]);
    expect((await certificateOf("localhost", ports[0]))[0]).not.toBe(first);

    const second = issue();
    execFileSync("sh", [join(root, "opt/conifer/deploy/systemd/place-certificate.sh")], {
      env: { ...process.env, CONIFER_TLS_FOLDER: tls, RENEWED_LINEAGE: join(root, "root/certificate") },
    });
    for (const [host, port] of [
      [APP, ports[2]],
      ["apps.example.com", ports[0]],
    ] as const)
      await waitUntil("the new certificate", async () => (await certificateOf(host, port))[0] === second);
    expect(readdirSync(tls).sort()).toEqual(["fullchain.pem", "privkey.pem"]);
  },
  LONG,
);

test(
  "makes accounts, and leads another computer there",
  () => {
    expect(type("Accounts")).toMatch(/email: +colleague@example.com\npassword: \S+/);
    const copied = join(root, "home/.conifer-server");
    mkdirSync(copied);
    for (const name of ["access.json", "ca.pem"]) cpSync(join(home, name), join(copied, name));
    const said = type("From your own computer", { after: "env" });
    expect(said).toContain(`HEROKU_HOST=https://localhost:${ports[0]}`);
    expect(said).toContain(`${copied}/ca.pem`);
  },
  LONG,
);

test(
  "backs up, keeps as many as it is told, and none of before when it fails",
  async () => {
    type("Backups", { env: { CONIFER_BACKUPS_KEPT: "1" } });
    const [before = ""] = readdirSync(backups);
    await waitUntil(
      "another second",
      () => !before.includes(new Date().toISOString().replace(/\.\d+|:/g, "")),
    );
    type("Backups", { env: { CONIFER_BACKUPS_KEPT: "1" } });
    const after = readdirSync(backups);
    expect([after.length, after.includes(before)]).toEqual([1, false]);
    const failing = { CONIFER_BACKUPS_KEPT: "0", CONIFER_PORT: "no port" };
    expect(() => type("Backups", { env: failing })).toThrow(/CONIFER_PORT/);
    expect(readdirSync(backups)).toEqual(after);
  },
  LONG,
);

test(
  "upgrades: the new version takes the place of the old one",
  async () => {
    const made = join(root, "opt/conifer-2");
    const link = () => realpathSync(join(root, "opt/conifer"));
    const running = link();
    type("Upgrade", { version: "2" });
    expect([running, link()]).toEqual([realpathSync(join(root, "opt/conifer-1")), realpathSync(made)]);
    await restart();
    await serves("one");
  },
  LONG,
);

test("nothing of the guide was left out, and nothing is left behind", async () => {
  type("Firewall");
  const all = blocks.flatMap(({ commands }) => commands);
  expect(all.filter((command) => !typed.includes(command))).toEqual([]);
  expect(await service?.stop()).toBe(0);
  expect(findRemains(home)).toEqual([]);
});
