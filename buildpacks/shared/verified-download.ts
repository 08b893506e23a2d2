import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { readTool } from "./run-tool.ts";

/** How long a source may stay silent before the next one is tried. */
const LIST_TIMEOUT_MS = 4_000;
const FILE_TIMEOUT_MS = 60_000;
/** Between the tries for one file; milliseconds. */
const RETRIES = { fetchRetryFactor: 4, fetchRetryMintimeout: 500, fetchRetryMaxtimeout: 5_000 };

export interface Download {
  /** Absolute, or relative to the npm registry. */
  readonly address: string;
  /** What the content must hash to, `sha512-<base64>` or `sha256-<base64>`. */
  readonly integrity: string;
}

export interface UncheckedDownload {
  readonly address: string;
  /** Rejects when there is more; bytes. */
  readonly most: number;
  /** Whether a slow or failing source is waited for and asked again, as for a large file. */
  readonly patient: boolean;
}

/**
 * Fetches over HTTP as npm does: its proxies (`HTTPS_PROXY`, `NO_PROXY`), its certificates (`NODE_EXTRA_CA_CERTS`, or
 * `npm_config_cafile` alone), its registry and access tokens.
 */
export interface Fetcher {
  /** A document; rejects within seconds when the source does not answer, so that another can be tried. */
  text(address: string): Promise<string>;
  json(address: string): Promise<unknown>;
  /** A file whose content is checked. Rejects when it differs. The file is removed by `close`. */
  file(download: Download): Promise<string>;
  /** A file that the caller checks itself. It is removed by `close`. */
  anyFile(download: UncheckedDownload): Promise<string>;
  /** Removes what was fetched. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function makeFetcher(env: Environment, signal: AbortSignal): Fetcher {
  let folder: string | undefined;
  let files = 0;
  const options = async () => ({ ...(await clientOptions(env)), ...RETRIES, signal, preferOnline: true });
  const newFile = async () => {
    folder ??= await mkdtemp(path.join(tmpdir(), "conifer-fetched-"));
    return path.join(folder, `${files++}`);
  };
  // The client is loaded at its first use: a build that fetches nothing does not pay for it.
  const client = async () => (await import("npm-registry-fetch")).default;
  return {
    async text(address) {
      const fetch = await client();
      return (
        await fetch(address, { ...(await options()), fetchRetries: 0, timeout: LIST_TIMEOUT_MS })
      ).text();
    },
    async json(address) {
      const headers = { accept: "application/vnd.npm.install-v1+json, application/json" };
      const fetch = await client();
      return fetch.json(address, {
        ...(await options()),
        headers,
        fetchRetries: 0,
        timeout: LIST_TIMEOUT_MS,
      });
    },
    async file(download) {
      const target = await newFile();
      const fetch = await client();
      const found = await fetch(download.address, {
        ...(await options()),
        integrity: download.integrity,
        fetchRetries: 2,
        timeout: FILE_TIMEOUT_MS,
      });
      await pipeline(found.body, createWriteStream(target));
      return target;
    },
    async anyFile({ address, most, patient }) {
      const target = await newFile();
      const fetch = await client();
      const trying = patient
        ? { fetchRetries: 2, timeout: FILE_TIMEOUT_MS }
        : { fetchRetries: 1, timeout: LIST_TIMEOUT_MS };
      const found = await fetch(address, { ...(await options()), ...trying });
      await pipeline(found.body, atMost(most), createWriteStream(target));
      return target;
    },
    async close() {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function atMost(most: number) {
  return async function* (source: AsyncIterable<Buffer>) {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > most) throw new Error(`it gave more than ${most} bytes`);
      yield chunk;
    }
  };
}

/** Unpacks the members of a .tar.gz that match one of the shell patterns and none of `without`, less the archive's top folder. */
export async function unpackArchive(
  archive: string,
  target: string,
  options: {
    readonly members: readonly string[];
    readonly without?: readonly string[];
    readonly env: Environment;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  await mkdir(target, { recursive: true });
  const args = [
    "-xzf",
    archive,
    "-C",
    target,
    "--strip-components=1",
    "--no-same-owner",
    "--no-same-permissions",
  ];
  await readTool({
    command: "tar",
    args: [
      ...[...args, "--wildcards"],
      ...(options.without ?? []).map((pattern) => `--exclude=${pattern}`),
      ...options.members,
    ],
    cwd: target,
    env: options.env,
    signal: options.signal,
  });
}

/** npm's settings that matter to a fetch: from `npm_config_*` variables and the user's .npmrc, never from the app. */
async function clientOptions(env: Environment): Promise<Record<string, unknown>> {
  const options = await userSettings(env);
  const registry = env.npm_config_registry ?? env.NPM_CONFIG_REGISTRY ?? options.registry;
  if (registry !== undefined) options.registry = registry;
  const cafile = env.npm_config_cafile ?? env.NPM_CONFIG_CAFILE;
  if (cafile === undefined) return options;
  const certificates = (await readFile(cafile, "utf8")).match(
    /-----BEGIN CERT[\s\S]+?-----END CERT[A-Z]*-----/g,
  );
  return certificates === null ? options : { ...options, ca: certificates };
}

async function userSettings(env: Environment): Promise<Record<string, unknown>> {
  const file = env.npm_config_userconfig ?? env.NPM_CONFIG_USERCONFIG;
  const text = file === undefined ? undefined : await readFile(file, "utf8").catch(() => undefined);
  const settings: Record<string, unknown> = {};
  for (const line of text?.split("\n") ?? []) {
    const match = /^\s*([^=;#\s]+)\s*=\s*(.+?)\s*$/.exec(line);
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) continue;
    if (name === "registry" || name.startsWith("//")) {
      settings[name] = value.replace(/\$\{(\w+)\}/g, (whole, variable: string) => env[variable] ?? whole);
    }
  }
  return settings;
}
