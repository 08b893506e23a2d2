import { major } from "semver";
import type { Speaker } from "./packager-commands.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Places {
  /** Where downloads are kept from build to build. */
  readonly cache: string;
  /** The Node.js with headers, for packages that compile. */
  readonly node: string;
  /** Whether archives of Yarn 2 and later stay outside the app; undefined leaves it to the app's settings. */
  readonly globalCache?: boolean | undefined;
}

/**
 * The variables by which a manager keeps its downloads where they last, asks the operator's registry, and neither
 * reports nor asks anybody anything. Names are those of each manager's documentation.
 */
export function managerVariables(
  speaker: Speaker,
  env: Environment,
  { cache, node, globalCache }: Places,
): Record<string, string | undefined> {
  const registry = env.npm_config_registry ?? env.NPM_CONFIG_REGISTRY;
  const cafile = env.npm_config_cafile ?? env.NPM_CONFIG_CAFILE;
  // Where node-gyp finds headers, so that native packages build without asking anybody.
  const headers = { npm_package_config_node_gyp_nodedir: node };
  switch (speaker.kind) {
    case "npm":
      return {
        ...npmVariables(cache),
        ...headers,
        ...(major(speaker.version) < 11 ? { npm_config_nodedir: node } : {}),
      };
    case "pnpm":
      return { ...pnpmVariables(speaker, { cache, registry, cafile }), ...headers, npm_config_nodedir: node };
    case "yarn":
      return {
        YARN_CACHE_FOLDER: cache,
        YARN_DISABLE_SELF_UPDATE_CHECK: "1",
        // The version is chosen by now; Yarn 1 would refuse to run where packageManager names another.
        SKIP_YARN_COREPACK_CHECK: "1",
        npm_config_nodedir: node,
        ...headers,
      };
    case "berry":
      return {
        ...berryVariables(speaker, env, { cache, registry, cafile }),
        ...(globalCache === undefined ? {} : { YARN_ENABLE_GLOBAL_CACHE: globalCache ? "1" : "0" }),
        npm_config_nodedir: node,
        ...headers,
      };
  }
}

function npmVariables(cache: string): Record<string, string> {
  return {
    npm_config_cache: cache,
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_progress: "false",
    npm_config_update_notifier: "false",
    // The cache stays as it was when nothing was fetched.
    npm_config_logs_max: "0",
  };
}

interface Network {
  readonly cache: string;
  readonly registry: string | undefined;
  readonly cafile: string | undefined;
}

/** pnpm 11 reads its settings from `pnpm_config_*`, older ones from `npm_config_*`. */
function pnpmVariables({ version }: Speaker, { cache, registry, cafile }: Network) {
  const prefix = major(version) >= 11 ? "pnpm_config_" : "npm_config_";
  const settings: Record<string, string | undefined> = {
    store_dir: cache,
    cache_dir: `${cache}/cache`,
    state_dir: `${cache}/state`,
    // Links from the store would let an app's script change what other builds get.
    package_import_method: "clone-or-copy",
    enable_global_virtual_store: "false",
    prefer_offline: "true",
    update_notifier: "false",
    confirm_modules_purge: "false",
    // The version is chosen by now.
    manage_package_manager_versions: "false",
    package_manager_strict: "false",
    pm_on_fail: "ignore",
    verify_deps_before_run: "false",
    registry,
    cafile,
  };
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [prefix + name, value]));
}

/** Yarn refuses variables that it does not know, and the name of the file with certificates changed with Yarn 4. */
function berryVariables({ version }: Speaker, env: Environment, { cache, registry, cafile }: Network) {
  const certificates = major(version) >= 4 ? "YARN_HTTPS_CA_FILE_PATH" : "YARN_CA_FILE_PATH";
  const [http, https] = [env.http_proxy ?? env.HTTP_PROXY, env.https_proxy ?? env.HTTPS_PROXY];
  return {
    YARN_GLOBAL_FOLDER: cache,
    YARN_IGNORE_PATH: "1",
    YARN_ENABLE_TELEMETRY: "0",
    YARN_ENABLE_PROGRESS_BARS: "0",
    // Only the option --immutable, which is given where there is a lock file, refuses changes.
    YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
    ...(registry ? { YARN_NPM_REGISTRY_SERVER: registry.replace(/\/+$/, "") } : {}),
    ...(registry?.startsWith("http://") ? { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname } : {}),
    ...(cafile ? { [certificates]: cafile } : {}),
    ...(http ? { YARN_HTTP_PROXY: http } : {}),
    ...(https ? { YARN_HTTPS_PROXY: https } : {}),
  };
}

/** Megabytes that V8 gives its heap at the most by itself, where there is memory enough. */
const LARGEST_HEAP = 4096;

/**
 * NODE_OPTIONS for scripts of a build: bundlers need more heap than the half of a small machine that V8 takes by
 * itself. Three quarters of the memory at hand (bytes), at most 4 GB; what the app says about its heap stands.
 */
export function withHeap(options: string | undefined, memory: number): string | undefined {
  if (/max[-_]old[-_]space/.test(options ?? "")) return options;
  const megabytes = Math.min(LARGEST_HEAP, Math.floor((memory / 1024 ** 2) * 0.75));
  return [options, `--max-old-space-size=${megabytes}`].filter(Boolean).join(" ");
}
