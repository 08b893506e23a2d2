/** Folders of the root that are links into /usr on a merged system, whatever a package says. */
export const MERGED_FOLDERS = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] as const;

const LEFT_OUT = [
  /^usr\/share\/(?:man|info|locale|lintian|bug|doc-base|menu|bash-completion|pixmaps|applications)\//,
  // Licenses stay: whoever passes an image on has to pass them on too.
  /^usr\/share\/doc\/(?!.*\/copyright$)[^/]+\/./,
  // What starts and looks after services; an image of dynos has none.
  /^usr\/lib\/(?:systemd|init|udev)\//,
  /^etc\/(?:init\.d|rc[0-6S]\.d|cron\.[a-z]+|systemd|logrotate\.d|update-motd\.d|pam\.d)(?:\/|$)/,
  // Links into /run, which is empty when something starts.
  /^(?:var\/(?:run|lock)|run)(?:\/|$)/,
];

/**
 * Where a path of a package lies in the image: relative to the root and below /usr where that is merged. Undefined for
 * the root itself, for the folders that become links, and for what an image of dynos has no use for.
 * @throws Error for a path that leaves the root
 */
export function placeOf(path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new Error(`"${path}" leads out of the package`);
  const [first = ""] = parts;
  const merged = (MERGED_FOLDERS as readonly string[]).includes(first);
  if (parts.length === 0 || (merged && parts.length === 1)) return undefined;
  const place = (merged ? ["usr", ...parts] : parts).join("/");
  return LEFT_OUT.some((pattern) => pattern.test(place)) ? undefined : place;
}

/** Mode bits that are kept: no program of an image may change who runs it, so set-id bits mean nothing there. */
export function keptMode(mode: number): number {
  return mode & 0o1777;
}
