import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HELLO_APP } from "../../conformance/src/app-folder.ts";
import type { JourneyApp } from "../../conformance/src/journey.ts";
import { type Load, startLoad } from "../../conformance/src/load.ts";
import { CLONE } from "../../conformance/src/running-platform.ts";
import {
  hasInstallation,
  type InstallationUnderTest,
  openInstallation,
  ROLES,
  SYSTEM,
} from "./installation-under-test-fixtures.ts";

/** `conifer install` over an installation that serves an app: visitors come by the routers' Service, as in the cluster. */

const ENTRY = join(CLONE, "cli/src/conifer.ts");
const UPGRADE_MS = 400_000;

let installation: InstallationUnderTest;
let app: JourneyApp;

interface Installed {
  readonly code: number;
  readonly said: string;
}

function install(...args: readonly string[]): Promise<Installed> {
  const words = ["--disable-warning=ExperimentalWarning", ENTRY, "install", "--yes", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: CLONE }, (failure, _stdout, stderr) => {
      resolve({ code: failure ? Number(failure.code ?? 1) : 0, said: stderr });
    });
  });
}

async function serviceLoad(): Promise<Load> {
  const kind = { apiVersion: "v1", kind: "Service", plural: "services" };
  const service = await installation.client.get<never>({ kind, namespace: SYSTEM }, "conifer-edge");
  const { clusterIP } = (service as { spec: { clusterIP: string } }).spec;
  return startLoad({ address: clusterIP, routerPort: 80, host: `${app.name}.localhost`, everyMs: 20 });
}

async function imagesOfRoles(): Promise<readonly string[]> {
  const pods = await Promise.all(ROLES.map((role) => installation.podsOf(role)));
  return pods.flat().map(({ metadata, spec }) => {
    const [container] = (spec as unknown as { containers: readonly { image: string }[] }).containers;
    return `${metadata.labels?.["conifer.dev/role"]} ${container?.image}`;
  });
}

/** Does something while an app is visited; every visit must be answered. */
async function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  const load = await serviceLoad();
  try {
    await load.nextGood();
    const result = await work();
    await installation.isWhole();
    await load.nextGood();
    return result;
  } finally {
    await load.stop();
    expect(load.failures()).toEqual([]);
    expect(load.answers().length).toBeGreaterThan(100);
  }
}

/** A role that was replaced may be looked for at its old address for as long as names are kept: then a push is told so. */
async function pushSoon(): Promise<void> {
  await expect.poll(() => app.push().then(() => "pushed", String), { timeout: 60_000 }).toBe("pushed");
}

describe.skipIf(!hasInstallation)("an upgrade under visits", () => {
  beforeAll(async () => {
    installation = await openInstallation();
    await installation.isWhole();
    app = await installation.journey.deployApp("upgraded", HELLO_APP);
    await app.pageSays("hello");
  });
  afterAll(() => installation?.end());

  test(
    "goes back by itself where the new pods do not answer, and says which",
    async () => {
      const before = await imagesOfRoles();
      const { code, said } = await undisturbed(() =>
        install("--image", "conifer/conifer:never-made", "--wait", "30s"),
      );
      expect(code, said).toBe(1);
      expect(said).toContain("conifer/conifer:never-made");
      expect(said).toMatch(/The cluster is back at version \d/);
      expect(await imagesOfRoles()).toEqual(before);
      await app.commit({ "note.txt": "after the way back\n" });
      await pushSoon();
    },
    UPGRADE_MS,
  );

  test(
    "to other values replaces every role and drops nothing",
    async () => {
      const other = await undisturbed(() => install("--set", "logLevel=debug", "--set", "router.replicas=3"));
      expect(other.code, other.said).toBe(0);
      expect(await installation.podsOf("router")).toHaveLength(3);
      const back = await undisturbed(() => install("--set", "logLevel=info", "--set", "router.replicas=2"));
      expect(back.code, back.said).toBe(0);
      expect(await installation.podsOf("router")).toHaveLength(2);
    },
    UPGRADE_MS,
  );
});
