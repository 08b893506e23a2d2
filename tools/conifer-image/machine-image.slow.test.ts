import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFiles } from "../../conformance/src/app-folder.ts";
import { columnName, pageRows, readFacts } from "../../conformance/src/escape/escape-table.ts";
import { fixtureApp } from "../../conformance/src/fixture-app.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import { type OciConfig, parseConfig } from "../../platform/src/delivery/image/index.ts";
import { findTool } from "../../platform/src/drivers/embedded/images/image-tools-fixtures.ts";
import { hostArchitecture } from "../images/debian-release.ts";
import { whyNotHere } from "../images/images-fixtures.ts";
import { imagesFolder } from "../images/images-folder.ts";
import { readFlags } from "./container-flags-fixtures.ts";
import { makeConiferImage } from "./make-conifer-image.ts";
import {
  type ContainerNetwork,
  containerRemains,
  makeContainerNetwork,
  type RunContainer,
  removeContainerFolder,
  runContainer,
  whyNoContainers,
} from "./run-container-fixtures.ts";

/** Conifer on one machine from its image, in containers as docs/guides/run-on-a-server.md says to start them. */

const REPOSITORY = join(import.meta.dirname, "../..");
const why = whyNotHere() ?? whyNoContainers();
const noSkopeo = findTool("skopeo", ["skopeo"]);
const LONG = 240_000;

/** The rows of the guide's table of flags: what is typed, and the level that comes of it. */
function readLevels(): readonly (readonly [flags: string, level: string])[] {
  const guide = readFileSync(join(REPOSITORY, "docs/guides/run-on-a-server.md"), "utf8");
  const [, table = ""] = guide.split("| Flags | Level |");
  const rows = table.split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.map((row) => {
    const [, flags = "", level = ""] = row.split("|").map((cell) => cell.trim());
    return [flags === "none" ? "" : flags.replaceAll("`", ""), level] as const;
  });
}

const LEVELS = readLevels();
const [, [LEAST = ""] = []] = LEVELS;

describe.skipIf(why)(`Conifer's image for one machine${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  let layout: string;
  let image: OciConfig & { readonly config: { readonly Healthcheck?: { readonly Test: readonly string[] } } };
  const networks: ContainerNetwork[] = [];
  const running: RunContainer[] = [];
  const places: (readonly [name: string, place: string])[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "conifer-machine-"));
    const made = await makeConiferImage({
      cache: join(imagesFolder(process.env), "conifer"),
      repository: REPOSITORY,
      architectures: [hostArchitecture()],
      purpose: "machine",
      tell: () => {},
    });
    layout = made.folder;
    const [listed] = JSON.parse(readFileSync(join(layout, "manifest.json"), "utf8"));
    expect(listed.RepoTags).toEqual([`conifer/machine:${made.version}`]);
    image = parseConfig(readFileSync(join(layout, listed.Config))) as typeof image;
    const rootfs = join(folder, "rootfs");
    mkdirSync(rootfs);
    for (const path of listed.Layers) execFileSync("tar", ["-xpf", join(layout, path), "-C", rootfs]);
  }, 400_000);

  afterAll(async () => {
    for (const one of running) await one.kill().catch(() => {});
    for (const one of networks) one.remove();
    expect(places.flatMap(([name, place]) => containerRemains(name, place))).toEqual([]);
    removeContainerFolder(folder);
  }, LONG);

  /** A new volume has what the image has there: an empty folder of its account. */
  function makeVolume(name: string): string {
    const volume = join(folder, `volume-${name}`);
    mkdirSync(volume);
    const { uid, gid } = statSync(join(folder, "rootfs/var/lib/conifer"));
    chownSync(volume, uid, gid);
    return volume;
  }

  function run(flags: string, volume: string): RunContainer & { readonly address: string } {
    const n = places.length;
    const network = makeContainerNetwork(n);
    networks.push(network);
    const name = `conifer-box-${process.pid}-${n}`;
    const place = join(folder, name);
    places.push([name, place]);
    const rootfs = join(folder, "rootfs");
    const options = { ...{ image, rootfs, volume, network, place, name }, flags: readFlags(flags) };
    const container = runContainer(options);
    running.push(container);
    return { ...container, address: network.address };
  }

  describe.each(LEVELS.map(([flags, level], n) => ({ flags, level, n })))(
    "with $flags",
    ({ flags, level, n }) => {
      it(
        `comes to: ${level}`,
        async () => {
          const container = run(flags, makeVolume(`level-${n}`));
          if (level.startsWith("none")) {
            expect(await container.ended).toBe(1);
            expect(container.output()).toContain(`Start it with ${LEAST},`);
            return;
          }
          await container.ready();
          const page = container.output();
          expect(pageRows(page)).toHaveLength(13);
          const root = flags.includes("--user 0:0") || flags.includes("--privileged");
          expect(columnName(readFacts(page, root))).toBe(level);
          expect(await container.stop()).toBe(0);
        },
        LONG,
      );
    },
  );

  it("says whose a volume must be", async () => {
    const volume = makeVolume("of-root");
    chownSync(volume, 0, 0);
    const container = run(LEAST, volume);
    expect(await container.ended).toBe(1);
    expect(container.output()).toMatch(/belongs to another account .* chown 1000:1000\n$/);
  });

  describe("with the least flags", () => {
    let container: ReturnType<typeof run>;
    let volume: string;
    let app: string;
    const home = () => JSON.parse(readFileSync(join(volume, "access.json"), "utf8")) as { token: string };

    /** Over the port that would be published, by the name that clients use, with Conifer's own authority. */
    const curl = (...args: string[]) =>
      execFileSync("curl", [
        ...["--silent", "--show-error", "--fail-with-body", "--max-time", "60"],
        ...["--cacert", join(volume, "ca.pem"), "--resolve", `localhost:6400:${container.address}`],
        ...["--header", "Accept: application/vnd.heroku+json; version=3"],
        ...["--header", `Authorization: Bearer ${home().token}`, ...args],
      ]).toString();

    const page = () => {
      try {
        const site = ["--header", "Host: boxed.localhost", `http://${container.address}/`];
        return execFileSync("curl", ["--silent", "--fail", "--max-time", "10", ...site], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
      } catch {
        return "";
      }
    };
    const serves = (text: string) =>
      waitUntil(`the page "${text}"`, () => page() === `${text}\n`, {
        ms: 60_000,
        instead: container.output,
      });

    function push(label: string): string {
      const settings = [
        ["http.extraHeader", `Authorization: Basic ${Buffer.from(`:${home().token}`).toString("base64")}`],
        ["http.sslCAInfo", join(volume, "ca.pem")],
        ["http.curloptResolve", `localhost:6400:${container.address}`],
        ["user.name", "A Person"],
        ["user.email", "person@example.com"],
      ];
      const env = {
        ...{ PATH: process.env.PATH ?? "", HOME: app, GIT_CONFIG_NOSYSTEM: "1" },
        GIT_CONFIG_COUNT: String(settings.length),
        ...Object.fromEntries(
          settings.flatMap(([key, value], i) => [
            [`GIT_CONFIG_KEY_${i}`, key],
            [`GIT_CONFIG_VALUE_${i}`, value],
          ]),
        ),
      };
      writeFiles(app, fixtureApp(label));
      const script = [
        "[ -d .git ] || git init --quiet --initial-branch main",
        'git add --all && git commit --quiet --message "A label"',
        "git push https://localhost:6400/boxed.git main 2>&1",
      ];
      return execFileSync("sh", ["-ec", script.join("\n")], { cwd: app, env, encoding: "utf8" });
    }

    beforeAll(async () => {
      volume = makeVolume("kept");
      app = join(folder, "app");
      mkdirSync(app);
      container = run(LEAST, volume);
      await container.ready();
    }, LONG);

    it(
      "builds and serves what is pushed, at the ports that are published",
      async () => {
        curl("--json", '{"name":"boxed"}', "https://localhost:6400/apps");
        expect(push("one")).toContain("Verifying deploy... done.");
        await serves("one nothing nothing");
      },
      LONG,
    );

    it("is healthy in Docker's eyes", () => {
      const [kind, ...argv] = image.config.Healthcheck?.Test ?? [];
      expect(kind).toBe("CMD");
      container.exec(...argv);
    });

    it("runs as the account, without a capability, and reaps what nobody waits for", async () => {
      expect(container.exec("sh", "-c", "id -u; grep CapEff /proc/1/status")).toMatch(
        /^1000\nCapEff:\s+0+\n$/,
      );
      container.exec("sh", "-c", "for n in 1 2 3; do (sleep 0.2; exit $n) & done");
      const states = () => container.exec("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || :");
      await waitUntil("nobody who sleeps", () => !/\(sleep\)/.test(states()));
      expect(states()).not.toMatch(/^\d+ \(.*\) Z /m);
    });

    it(
      "refuses a second container in the same volume",
      async () => {
        const second = run(LEAST, volume);
        expect(await second.ended).toBe(1);
        expect(second.output()).toMatch(
          /^Another container runs Conifer in the volume at \/var\/lib\/conifer\./,
        );
        expect(page()).toBe("one nothing nothing\n");
      },
      LONG,
    );

    it(
      "has the commands of operators, and no others",
      () => {
        expect(container.exec("machine", "doctor")).toMatch(/Isolation: Files +enforced: .* as an overlay$/m);
        container.exec("machine", "backup", "/tmp/conifer.backup");
        expect(container.exec("sh", "-c", "stat -c %a /tmp/conifer.backup")).toBe("600\n");
        expect(container.exec("machine", "account", "create", "colleague@example.com")).toMatch(
          /password: \S+/,
        );
        expect(() => container.exec("machine", "../../x")).toThrow(
          /A command is one of: start, ready, account/,
        );
      },
      LONG,
    );

    it(
      "stops in order when it is told to, and serves again with the same volume",
      async () => {
        expect(await container.stop()).toBe(0);
        expect(container.output()).toContain("Conifer stops: apps get up to 30 seconds to end.");
        expect(existsSync(join(volume, "postgres/postmaster.pid"))).toBe(false);
        expect(readdirSync(join(volume, "dynos")).filter((name) => !name.startsWith("."))).toEqual([]);
        container = run(LEAST, volume);
        await container.ready();
        await serves("one nothing nothing");
        expect(push("two")).toContain("Verifying deploy... done.");
        await serves("two nothing nothing");
      },
      LONG,
    );

    it(
      "serves again when it was killed",
      async () => {
        await container.kill();
        container = run(LEAST, volume);
        await container.ready();
        await serves("two nothing nothing");
        expect(await container.stop()).toBe(0);
      },
      LONG,
    );
  });

  it.skipIf(noSkopeo)(`is what engines load of a tar${noSkopeo ? ` (${noSkopeo})` : ""}`, () => {
    const tar = join(folder, "conifer.tar");
    execFileSync("tar", ["-C", layout, "-cf", tar, "."]);
    const read = (kind: string) =>
      JSON.parse(execFileSync("skopeo", ["inspect", `${kind}:${tar}`]).toString());
    expect(read("docker-archive")).toMatchObject({ Architecture: hostArchitecture(), Os: "linux" });
    writeFileSync(tar, "");
  });

  it("holds what builds and dynos stand on", () => {
    for (const name of ["gcc", "python3", "apt-get", "perl", "ip", "unshare", "curl", "bash"])
      expect([
        name,
        existsSync(join(folder, "rootfs/usr/bin", name)) || existsSync(join(folder, "rootfs/usr/sbin", name)),
      ]).toEqual([name, true]);
  });
});
