import { watch } from "node:fs";
import { join } from "node:path";
import type { RoleName } from "./supervisor-environment.ts";
import { type InstanceRecord, isAlive, killGroup } from "./supervisor-instance.ts";

const EVERYWHERE = /^(?:contract\/src|platform\/src\/(?:kernel|drivers\/embedded\/local))\//;
const HOST =
  /^platform\/src\/(?:drivers\/embedded\/(?:sandbox|dynos|builds|images|logs|outputs|sources)|delivery\/(?:build|image)|observe|runtime\/dyno|compose\/host)/;
const ROUTER = /^platform\/src\/(?:edge|drivers\/embedded\/routes|observe|runtime\/dyno|compose\/router)/;

/**
 * The roles that a changed file concerns. Restarting the host restarts the apps, so it is spared what it does not run;
 * control costs nothing and comes back with every change. Tests concern nobody, and builds read buildpacks afresh.
 */
export function rolesOf(path: string): readonly RoleName[] {
  if (!/^(?:contract|platform)\/.*\.(?:ts|json)$/.test(path)) return [];
  if (/\.test\.ts$|-(?:fixtures|suite|fake)\.ts$/.test(path)) return [];
  const roles: RoleName[] = ["control"];
  if (EVERYWHERE.test(path) || HOST.test(path)) roles.push("host");
  if (EVERYWHERE.test(path) || ROUTER.test(path)) roles.push("router");
  return roles;
}

/** Kills the roles; the supervisor starts them again with what the files hold now. */
export function reloadRoles(roles: Iterable<RoleName>, record: InstanceRecord | undefined): void {
  for (const role of roles) {
    const mark = record?.children[role];
    if (mark && isAlive(mark)) killGroup(mark.pid);
  }
}

/** Watches folders below `root` and tells the paths that changed, gathered until nothing moved for a moment. */
export function watchFolders(
  root: string,
  folders: readonly string[],
  changed: (paths: ReadonlySet<string>) => void,
) {
  let gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    const paths = gathered;
    gathered = new Set();
    changed(paths);
  };
  const watchers = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, name) => {
      if (!name) return;
      gathered.add(join(folder, name));
      clearTimeout(timer);
      timer = setTimeout(tell, 200);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
