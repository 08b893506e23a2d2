import type { CgroupPower } from "./cgroup-hierarchies.ts";

/** What this machine lets a sandbox do. */
export interface SandboxAbilities {
  readonly root: boolean;
  /** A user namespace for the program, so that its user is nobody on this machine. */
  readonly userNamespace: boolean;
  /** Where a writable layer is an overlay; otherwise the lower folders are copied at each start. */
  readonly overlay: boolean;
  readonly cgroup: "v2" | "v1" | "none";
  readonly freezer: boolean;
  readonly network: "own" | "shared";
  /** False where networks of their own end at this machine, whose firewall lets nothing of them through. */
  readonly wayOut: boolean;
  /** Programs can make only those system calls that apps need. */
  readonly filter: boolean;
  /** One row for each kind of isolation and limit, for the start page. */
  readonly table: readonly AbilityRow[];
}

export interface AbilityRow {
  readonly what: string;
  readonly state: "enforced" | "sampled" | "absent";
  readonly detail: string;
  /** What the operator can do to get more; missing when there is nothing to get. */
  readonly howToGetMore?: string;
}

/** What the trials at the start have shown. */
export interface Findings {
  readonly root: boolean;
  readonly userNamespace: boolean;
  readonly overlay: boolean;
  readonly powers: ReadonlySet<CgroupPower>;
  readonly cgroupVersions: readonly (1 | 2)[];
  readonly network: "own" | "shared";
  /** Why there is no network of their own, for the operator. */
  readonly networkHint?: string | undefined;
  readonly wayOut: boolean;
  readonly filter: boolean;
  /** How to have system calls filtered where they are not. */
  readonly filterHint?: string;
}

/** Sums the findings up, with a row for everything a reader may want to know. */
export function describeAbilities(findings: Findings): SandboxAbilities {
  const { root, userNamespace, overlay, powers, cgroupVersions, network } = findings;
  // The unified hierarchy of a hybrid machine carries no limits, only the freezer.
  const limiting = powers.has("memory") || powers.has("pids") || powers.has("cpu");
  const version = cgroupVersions.includes(1) ? "v1" : "v2";
  return {
    root,
    userNamespace,
    overlay,
    cgroup: limiting ? version : "none",
    freezer: powers.has("freezer"),
    network,
    wayOut: findings.wayOut,
    filter: findings.filter,
    table: [
      ...namespaceRows(findings),
      limitRow(
        "Memory",
        powers.has("memory"),
        "sampled",
        "what all of a dyno's processes have, every second",
      ),
      limitRow("Processes", powers.has("pids"), "enforced", "a limit in the dyno's user namespace"),
      processorRow(powers),
      {
        what: "Files written",
        state: "sampled",
        detail: "every few seconds, also where nothing else is bounded",
      },
      limitRow("Freezing warm dynos", powers.has("freezer"), "absent", "they run on, without requests"),
    ],
  };
}

function namespaceRows(findings: Findings): AbilityRow[] {
  const { userNamespace, overlay, network, networkHint } = findings;
  return [
    { what: "Processes, mounts, host name", state: "enforced", detail: "namespaces of the dyno's own" },
    { what: "Privileges", state: "enforced", detail: "no capability, none to be gained" },
    filterRow(findings),
    { what: "Kernel's files", state: "enforced", detail: "read-only, and empty where they tell of others" },
    userNamespace
      ? { what: "User", state: "enforced", detail: "a user namespace of the dyno's own" }
      : {
          what: "User",
          state: "enforced",
          detail: "an unprivileged account that all dynos share",
          howToGetMore: "Allow user namespaces: sysctl -w user.max_user_namespaces=10000",
        },
    {
      what: "Files",
      state: "enforced",
      detail: overlay
        ? "read-only base, writable layer as an overlay"
        : "read-only base, a copy of the image for each dyno",
      ...(overlay
        ? {}
        : { howToGetMore: "Put CONIFER_HOME on a file system that can hold overlays, such as ext4 or xfs." }),
    },
    network === "own"
      ? ownNetworkRow(findings.wayOut)
      : {
          what: "Network",
          state: "absent",
          detail: "dynos share this machine's network",
          howToGetMore: networkHint ?? "Run Conifer as root on a machine with the programs ip and nft.",
        },
  ];
}

function ownNetworkRow(wayOut: boolean): AbilityRow {
  const row = { what: "Network", state: "enforced" } as const;
  if (wayOut) return { ...row, detail: "a network of the dyno's own, behind this machine's address" };
  return {
    ...{ ...row, detail: "a network of the dyno's own, which this machine's firewall lets nowhere" },
    howToGetMore: "Let the firewall forward what comes from interfaces cf*, and start Conifer again.",
  };
}

function filterRow({ filter, filterHint }: Findings): AbilityRow {
  const what = "System calls";
  if (filter) return { what, state: "enforced", detail: "those that apps do not need are refused" };
  const howToGetMore = filterHint || "Install perl.";
  return { what, state: "absent", detail: "all that the kernel offers to everybody", howToGetMore };
}

function processorRow(powers: ReadonlySet<CgroupPower>): AbilityRow {
  const row = limitRow("Processor shares", powers.has("cpu"), "absent", "all dynos compete alike");
  if (!powers.has("cpu") || !powers.has("cpuacct")) return row;
  return { ...row, detail: "by cgroup; a dyno that takes more than its part comes after the others" };
}

function limitRow(
  what: string,
  byCgroup: boolean,
  otherwise: AbilityRow["state"],
  otherwiseDetail: string,
): AbilityRow {
  if (byCgroup) return { what, state: "enforced", detail: "by cgroup" };
  const howToGetMore = "Run Conifer as root, or as a systemd service with Delegate=yes.";
  return { what, state: otherwise, detail: otherwiseDetail, howToGetMore };
}
