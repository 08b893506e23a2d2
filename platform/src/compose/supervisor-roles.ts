import { join } from "node:path";
import type { Config } from "./config.ts";
import type { ChildSpec } from "./supervisor-child.ts";
import { childEnvironment, type RoleName } from "./supervisor-environment.ts";

export interface RoleOptions {
  readonly role: RoleName;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: Config;
  /** For control; the other roles never see it. */
  readonly databaseUrl: string;
  /** Path of util-linux setpriv, where this machine has it. */
  readonly setpriv: string | undefined;
}

/**
 * How to start a role. It ends with the supervisor in two ways: the kernel kills it (setpriv), and it watches the
 * channel to its parent itself, for machines without setpriv.
 */
export function roleSpec({ role, env, config, databaseUrl, setpriv }: RoleOptions): ChildSpec {
  const here = import.meta.dirname;
  const node = [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--import",
    join(here, "supervisor-channel.ts"),
    join(here, `${role}.ts`),
  ];
  const [command = "", ...args] = setpriv ? [setpriv, "--pdeathsig", "KILL", "--", ...node] : node;
  return { role, command, args, env: childEnvironment(role, env, config, databaseUrl) };
}
