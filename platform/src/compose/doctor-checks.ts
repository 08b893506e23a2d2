import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkGitVersion } from "../drivers/embedded/git/index.ts";
import { type AbilityRow, openSandboxes } from "../drivers/embedded/sandbox/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { findNewerSchema, openDatabase } from "../drivers/postgres/store/index.ts";
import { readAskedCertificates } from "../edge/certificate/index.ts";
import { errorText } from "../kernel/index.ts";
import { readAccessFile } from "./access-file.ts";
import { buildNetworkHere, isolationRows } from "./build-network.ts";
import type { Config } from "./config.ts";
import type { Finding } from "./doctor-finding.ts";
import {
  judgeCertificate,
  judgeClock,
  judgeIsolation,
  judgeMode,
  judgeOrphans,
  judgeSpace,
  mountsBelow,
} from "./doctor-judgements.ts";
import { judgeIssued } from "./issued-judgements.ts";
import { listenAddresses } from "./listen-addresses.ts";
import { masterKeyFile, readMasterKey } from "./master-key.ts";
import { programOutput } from "./program-output.ts";
import { readRecord, recordRuns } from "./supervisor-instance.ts";
import { checkPorts, wantedPorts } from "./supervisor-ports.ts";

/** What is looked at. Nothing of the home or of a running instance is changed by it. */
export interface DoctorCall {
  readonly config: Config;
  readonly now: Date;
  /** What a sandbox keeps apart and within limits here. Throws when none can be made. */
  readonly isolation: (config: Config) => Promise<readonly AbilityRow[]>;
  /** Firewall tables of homes that are gone. */
  readonly orphans: () => Promise<readonly { readonly table: string; readonly home: string }[]>;
}

type Check = (call: DoctorCall) => Promise<readonly Finding[]> | readonly Finding[];

const ok = (matter: string, says: string): Finding => ({ matter, state: "ok", says });
const problem = (matter: string, says: string, mend: string): Finding => ({
  matter,
  state: "problem",
  says,
  mend,
});

/** Every check, in the order in which it is told. One that throws is a finding, too. */
export async function runDoctor(call: DoctorCall): Promise<readonly Finding[]> {
  const checks: Readonly<Record<string, Check>> = {
    Versions: checkVersions,
    Home: checkHome,
    Disk: checkDisk,
    Clock: checkClock,
    Key: checkKey,
    Certificate: checkCertificates,
    Instance: checkInstance,
    Database: checkDatabase,
    "Left-overs": checkLeftovers,
    Isolation: checkIsolation,
  };
  const findings: Finding[] = [];
  for (const [matter, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check(call)));
    } catch (thrown) {
      findings.push(problem(matter, errorText(thrown), "See to what it says, and look again."));
    }
  }
  return findings;
}

async function checkVersions(): Promise<readonly Finding[]> {
  const node = ok("Node.js", process.version);
  const said = await programOutput("git", ["version"]);
  try {
    checkGitVersion(said ?? "");
    return [node, ok("git", (said ?? "").trim().replace("git version ", ""))];
  } catch {
    const says = said ? `${said.trim()} is too old` : "it is not there";
    return [node, problem("git", says, "Install git 2.32 or newer: apt-get install git")];
  }
}

function checkHome({ config: { home } }: DoctorCall): readonly Finding[] {
  if (!existsSync(home.root)) return [ok("Home", `${home.root} is made by the first start`)];
  const { uid, mode } = statSync(home.root);
  const me = process.getuid?.() ?? uid;
  if (uid !== me)
    return [
      problem(
        "Home",
        `${home.root} belongs to the user with the number ${uid}, and this is ${me}`,
        `Work as that user, or set CONIFER_HOME. Where it should be yours: chown -R ${me} ${home.root}`,
      ),
    ];
  const open = [
    judgeMode(home.root, mode, 0o700),
    ...(existsSync(home.keys) ? [judgeMode(home.keys, statSync(home.keys).mode, 0o700)] : []),
  ].filter((one) => one !== undefined);
  return open.length > 0 ? open : [ok("Home", `${home.root}, for nobody else`)];
}

function checkDisk({ config: { home } }: DoctorCall): readonly Finding[] {
  const there = existsSync(home.root) ? home.root : join(home.root, "..");
  const { bavail, blocks, ffree, files } = statfsSync(there);
  return [judgeSpace(there, { free: bavail, all: blocks }, { free: ffree, all: files })];
}

async function checkClock({ config: { home }, now }: DoctorCall): Promise<readonly Finding[]> {
  const folders = [home.root, home.state, home.run, home.log].filter(existsSync);
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const newest = Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
  const said = await programOutput("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  const synchronized = said?.trim() === "yes" ? true : said?.trim() === "no" ? false : undefined;
  return [judgeClock(now.getTime(), newest, synchronized)];
}

function checkKey({ config: { home } }: DoctorCall): readonly Finding[] {
  const file = masterKeyFile(home);
  if (!existsSync(file)) {
    if (!existsSync(home.postgresData)) return [ok("Key", "made by the first start")];
    const mend = `Restore ${file} from a backup. Without it nobody can read config vars and tokens.`;
    return [problem("Key", `${file} is gone, and the database is there`, mend)];
  }
  readMasterKey(home);
  const open = judgeMode(file, statSync(file).mode, 0o600);
  return [open ? { ...open, matter: "Key" } : ok("Key", `${file}, whole and for nobody else`)];
}

async function checkCertificates({ config, now }: DoctorCall): Promise<readonly Finding[]> {
  const { home, tlsFiles, acme } = config;
  return [
    ...checkAuthority(home, now),
    ...(tlsFiles ? checkGiven(tlsFiles.certificateFile, now) : []),
    ...(acme ? judgeIssued(await readAskedCertificates(home.acme), acme.directory, now) : []),
  ];
}

function checkGiven(file: string, now: Date): readonly Finding[] {
  const { validFromDate: from, validToDate: to } = new X509Certificate(readFileSync(file));
  const mend = `Have whatever issues it write a new one to ${file}; Conifer need not be started again`;
  return [judgeCertificate("the one of CONIFER_TLS_CERTIFICATE", { from, to }, now, mend)];
}

function checkAuthority(home: Config["home"], now: Date): readonly Finding[] {
  if (!existsSync(home.caFile)) return [ok("Certificate", "the authority is made by the first start")];
  const { validFromDate: from, validToDate: to } = new X509Certificate(readFileSync(home.caFile));
  const mend = "Start Conifer again, which renews it; clients then read it anew: npm run -s env";
  return [judgeCertificate("the authority", { from, to }, now, mend)];
}

async function checkInstance(call: DoctorCall): Promise<readonly Finding[]> {
  const { config } = call;
  const record = readRecord(config.home.pidFile);
  if (record && recordRuns(record)) {
    return [ok("Instance", `runs as process ${record.pid}`), await askApi(config)];
  }
  const stopped = ok("Instance", "does not run; npm start starts it");
  try {
    await checkPorts(wantedPorts(config), listenAddresses(config.listen));
    const ports = wantedPorts(config).map(({ port }) => port);
    return [stopped, ok("Ports", `${ports.join(", ")} are free`)];
  } catch (thrown) {
    const [, ...mistakes] = errorText(thrown).split("\n  - ");
    return [stopped, ...mistakes.map((says) => problem("Ports", says, "ss -ltnp shows who has them"))];
  }
}

const ASK_MS = 5_000;

/** Goes through the API's port, its process, and the database. */
async function askApi({ home }: Config): Promise<Finding> {
  const matter = "API";
  const access = readAccessFile(home);
  const mend = `Its processes tell why in ${home.log}. To start it again: Ctrl-C there, then npm start`;
  if (!access) return problem(matter, "it has never been ready", mend);
  const began = performance.now();
  try {
    const answer = await fetch(`${access.api}/account`, {
      headers: { authorization: `Bearer ${access.token}`, accept: "application/vnd.heroku+json; version=3" },
      signal: AbortSignal.timeout(ASK_MS),
    });
    await answer.arrayBuffer();
    const took = `${Math.round(performance.now() - began)} ms`;
    if (answer.status === 200) return ok(matter, `${access.api} answers in ${took}`);
    if (answer.status === 401)
      return {
        matter,
        state: "warning",
        says: `${access.api} answers; the token in access.json is none of its any more`,
        mend: "heroku login -i",
      };
    return problem(matter, `${access.api} answers with status ${answer.status}`, mend);
  } catch (thrown) {
    return problem(matter, `${access.api} does not answer: ${errorText(thrown)}`, mend);
  }
}

async function checkDatabase({ config }: DoctorCall): Promise<readonly Finding[]> {
  const matter = "Database";
  const { databaseUrl, home } = config;
  if (!databaseUrl) {
    const there = existsSync(join(home.postgresData, "PG_VERSION"));
    if (!there) return [ok(matter, "made by the first start")];
    const version = readFileSync(join(home.postgresData, "PG_VERSION"), "utf8").trim();
    return [ok(matter, `Conifer's own, of PostgreSQL ${version}, in ${home.postgresData}`)];
  }
  const database = openDatabase({ url: databaseUrl, maxConnections: 1, onError: () => {} });
  try {
    const newer = await findNewerSchema(database.db, migrations);
    if (newer.length === 0) return [ok(matter, "the one of DATABASE_URL answers, and its schema is known")];
    const mend = "Start the newer Conifer, or restore a backup made by this one.";
    return [problem(matter, `a newer Conifer made its schema: ${newer.join(", ")}`, mend)];
  } catch (thrown) {
    return [problem(matter, errorText(thrown), "Start that server, or correct DATABASE_URL.")];
  } finally {
    await database.close();
  }
}

async function checkLeftovers({ config: { home }, orphans }: DoctorCall): Promise<readonly Finding[]> {
  const own = ownLeftovers(home);
  const others = judgeOrphans(await orphans());
  return others ? [...(own.state === "ok" ? [] : [own]), others] : [own];
}

function ownLeftovers(home: Config["home"]): Finding {
  const matter = "Left-overs";
  const record = readRecord(home.pidFile);
  if (record && recordRuns(record)) return ok(matter, "are looked for while Conifer does not run");
  const mounts = mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), home.root);
  const found = [
    ...(record ? ["processes or files of an instance that was killed"] : []),
    ...(mounts.length > 0 ? [`${mounts.length} mounts below ${home.root}`] : []),
  ];
  if (found.length === 0) return ok(matter, "none");
  const mend = mounts.length > 0 ? `npm start removes them; a mount that stays: umount ${mounts[0]}` : "";
  return { matter, state: "warning", says: found.join("; "), mend: mend || "npm start removes them" };
}

async function checkIsolation({ config, isolation }: DoctorCall): Promise<readonly Finding[]> {
  try {
    return judgeIsolation(await isolation(config));
  } catch (thrown) {
    return [problem("Isolation", errorText(thrown), "Without it no dyno and no build can start here.")];
  }
}

/** By trial, with a folder of its own: a sandbox as dynos would have it is made here and removed. */
export async function tryIsolation(config: Config): Promise<readonly AbilityRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-doctor-"));
  try {
    const sandboxes = await openSandboxes({
      ...{ home: folder, directory: join(folder, "sandboxes"), caBundle: config.caBundle },
    });
    await sandboxes.stop();
    return isolationRows(sandboxes.abilities, buildNetworkHere(config, sandboxes.abilities));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
