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
