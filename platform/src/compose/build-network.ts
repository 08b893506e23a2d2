import { networkInterfaces } from "node:os";
import { operatorVariables } from "../drivers/cnb/builds/index.ts";
import type { AbilityRow, SandboxAbilities } from "../drivers/embedded/sandbox/index.ts";
import type { Config } from "./config.ts";

/** Which network builds on this machine have, and why it is not their own. */
export type BuildNetwork =
  | { readonly kind: "own" }
  /** `because` is a setting that leads builds to this machine itself, or its firewall; missing where the operator has said so. */
  | { readonly kind: "machine"; readonly because?: { readonly setting: string } | "firewall" };

/** What decides, beside what the machine can do. */
export interface BuildNetworkFacts {
  readonly buildNetwork: Config["buildNetwork"];
  readonly runtimeSources: readonly string[];
  readonly pullRegistries: Config["pullRegistries"];
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  /** Whether networks of their own get beyond this machine. */
  readonly wayOut: boolean;
  /** The machine's own, but for loopback. */
  readonly addresses: readonly string[];
}

/**
 * Builds have networks of their own, as dynos have, in which this machine and what runs on it are out of reach: unless their
 * proxy or a mirror is on this very machine, which is how many reach package registries at all, or its firewall forwards nothing.
 */
export function chooseBuildNetwork(facts: BuildNetworkFacts): BuildNetwork {
  if (facts.buildNetwork) return { kind: facts.buildNetwork };
  const given = Object.entries(operatorVariables(facts.hostEnv)).filter(([name]) => !EXCEPTIONS.has(name));
  const mirrors = facts.runtimeSources.map((source) => ["CONIFER_RUNTIME_SOURCES", source] as const);
  const registries = facts.pullRegistries.map(
    ({ host, url }) => ["CONIFER_PULL_REGISTRIES", url ?? host] as const,
  );
  const [setting] =
    [...given, ...mirrors, ...registries].find(([, value]) => namesMachine(value, facts.addresses)) ?? [];
  if (setting !== undefined) return { kind: "machine", because: { setting } };
  return facts.wayOut ? { kind: "own" } : { kind: "machine", because: "firewall" };
}

/** The same for the machine and the environment of this process. */
export function buildNetworkHere(config: Config, { wayOut }: Pick<SandboxAbilities, "wayOut">): BuildNetwork {
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
  return chooseBuildNetwork({ ...config, hostEnv: process.env, addresses, wayOut });
}

/** The rows of the table at the start, with the one of builds' network after that of dynos'. */
export function isolationRows(
  { network, table }: SandboxAbilities,
  builds: BuildNetwork,
): readonly AbilityRow[] {
  return table.flatMap((row) =>
    row.what === "Network" ? [row, network === "own" ? ownRow(builds) : sharedRow(row)] : [row],
  );
}

const WHAT = "Network of builds";

function ownRow(builds: BuildNetwork): AbilityRow {
  if (builds.kind === "own") return { what: WHAT, state: "enforced", detail: "one of the build's own, too" };
  const [why, howToGetMore] = reasonOf(builds);
  return { what: WHAT, state: "absent", detail: `builds share this machine's network${why}`, howToGetMore };
}

/** Why it is so, to be said behind that, and how to change it. */
function reasonOf({ because }: Extract<BuildNetwork, { kind: "machine" }>): readonly [string, string] {
  if (because === undefined) return ["", "Set CONIFER_BUILD_NETWORK=own."];
  if (because === "firewall") return [": one of their own would lead nowhere", "See the row Network."];
  const { setting } = because;
  const more = `Name another machine in ${setting}, or set CONIFER_BUILD_NETWORK=own.`;
  return [`: ${setting} is on it`, more];
}

function sharedRow({ howToGetMore }: AbilityRow): AbilityRow {
  const more = howToGetMore === undefined ? {} : { howToGetMore };
  return { what: WHAT, state: "absent", detail: "builds share this machine's network", ...more };
}

/** Say where not to go. */
const EXCEPTIONS = new Set(["NO_PROXY", "no_proxy", "GONOPROXY", "GONOSUMDB", "GOPRIVATE"]);
const HOST = /(?:[a-z][a-z0-9+.-]*:\/\/(?:[^/@\s]*@)?)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)/gi;

/** Whether words of a setting name loopback or an address of this machine: addresses of servers, with and without a scheme. */
function namesMachine(setting: string, addresses: readonly string[]): boolean {
  return [...setting.matchAll(HOST)].some(([, host = ""]) => {
    const name = host.replace(/^\[|\]$/g, "").toLowerCase();
    return /^(localhost|.*\.localhost|127(\.\d+){3}|::1)$/.test(name) || addresses.includes(name);
  });
}
