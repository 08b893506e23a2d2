import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { DebianPackage } from "./apt-output.ts";
import type { AppBuilds } from "./buildpack-fixtures.ts";

/** Why packages of a release cannot be fetched on this machine; undefined where they can. */
export async function whyNoPackages(): Promise<string | undefined> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID="?(?:debian|ubuntu)"?$/m.test(release) ? undefined : "skipped: this is no Debian or Ubuntu";
}

/** The variables that a launcher would set of these layers, on top of a dyno's own. */
export async function launchVariables({ layers }: AppBuilds, names: readonly string[]) {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin", TMPDIR: "/tmp", HOME: "/tmp" };
  for (const name of names) {
    for (const scope of ["env", "env.launch"]) {
      const folder = path.join(layers, name, scope);
      for (const file of await readdir(folder).catch(() => [])) {
        const [variable = "", operation] = file.split(".");
        const value = await readFile(path.join(folder, file), "utf8");
        const before = env[variable];
        if (operation === "prepend") env[variable] = before ? `${value}:${before}` : value;
        else if (operation === "override" || (operation === "default" && !before)) env[variable] = value;
      }
    }
    env.PATH = `${path.join(layers, name, "bin")}:${env.PATH}`;
  }
  return env;
}

/** A line of shell as a dyno runs it: not as root, with a port of its own. */
export async function startDyno(app: AppBuilds, line: string, env: Readonly<Record<string, string>>) {
  const server = createServer();
  await once(server.listen(0), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const user =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  if (user.length > 0) await chmod(path.dirname(path.dirname(app.app)), 0o755);
  const [command = "", ...args] = [...user, "bash", "-c", `exec ${line}`];
  const child = spawn(command, args, {
    cwd: app.app,
    env: { ...env, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => {
      output += more;
    });
  }
  return {
    output: () => output,
    get: async (target: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${target}`);
      return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() };
    },
    async stop() {
      const ended = once(child, "exit") as Promise<[number | null]>;
      child.kill("SIGTERM");
      return (await ended)[0];
    },
    kill: () => child.kill("SIGKILL"),
  };
}

/** A release with these packages, by name with their version; asked for some, it brings those alone. */
export function fakeApt(versions: Readonly<Record<string, string>>) {
  const records = async (names: readonly string[]): Promise<readonly DebianPackage[]> =>
    names.flatMap((name) => {
      const version = versions[name];
      if (version === undefined) return [];
      return [{ name, version, architecture: "amd64", sha256: "0".repeat(64), bytes: 1, record: "" }];
    });
  return {
    base: { id: "debian", version: "12", codename: "bookworm", architecture: "amd64" } as const,
    names: new Set(Object.keys(versions)),
    records,
    closure: records,
  };
}
