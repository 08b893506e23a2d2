import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";
import type { Finding } from "./doctor-finding.ts";

/** Below this share of free space nothing is written any more; below the other it will soon be so. (design §6) */
const LEAST_FREE = 0.05;
const SOON_FREE = 0.1;

export interface Space {
  readonly free: number;
  readonly all: number;
}

/** A file system by its bytes and by its files; some have no bound on files, and say 0. */
export function judgeSpace(folder: string, bytes: Space, files: Space): Finding {
  const shares = [bytes, files].filter(({ all }) => all > 0).map(({ free, all }) => free / all);
  const least = Math.min(1, ...shares);
  const percent = (least * 100).toFixed(least < SOON_FREE ? 1 : 0);
  const of = files.all > 0 && files.free / files.all === least && least < bytes.free / bytes.all;
  const says = `${percent} % of the ${of ? "files" : "space"} under ${folder} ${of ? "are" : "is"} free`;
  if (least >= SOON_FREE) return { matter: "Disk", state: "ok", says };
  const state = least < LEAST_FREE ? "problem" : "warning";
  return { matter: "Disk", state, says, mend: `Make room, or give it more: du -xh -d 1 ${folder} | sort -h` };
}

/** The clock against the newest moment that the home has seen; `synchronized` is what the system says of itself. */
export function judgeClock(now: number, newest: number, synchronized: boolean | undefined): Finding {
  const matter = "Clock";
  const behind = Math.round((newest - now) / 1_000);
  const mend = "Set it, and let it be kept: timedatectl set-ntp true";
  if (behind > MOST_BEHIND_SECONDS)
    return { matter, state: "problem", says: `it is ${behind} s behind what this home has seen`, mend };
  if (synchronized === false)
    return { matter, state: "warning", says: "nothing keeps it in step with other machines", mend };
  return { matter, state: "ok", says: synchronized ? "in step with other machines" : "not behind this home" };
}

const MOST_BEHIND_SECONDS = 60;
const DAY_MS = 24 * 60 * 60 * 1_000;
const SOON_DAYS = 30;

/** A certificate by the time it is good for. */
export function judgeCertificate(
  name: string,
  { from, to }: { readonly from: Date; readonly to: Date },
  now: Date,
  mend: string,
): Finding {
  const matter = "Certificate";
  if (now < from)
    return { matter, state: "problem", says: `${name} is not good before ${from.toISOString()}`, mend };
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS);
  if (days < 0) return { matter, state: "problem", says: `${name} ended on ${to.toISOString()}`, mend };
  const says = `${name} is good for ${days} more day${days === 1 ? "" : "s"}`;
  return days < SOON_DAYS ? { matter, state: "warning", says, mend } : { matter, state: "ok", says };
}

/** What instances left behind that were killed and whose home is gone; undefined: nothing. */
export function judgeOrphans(
  orphans: readonly { readonly table: string; readonly home: string }[],
): Finding | undefined {
  if (orphans.length === 0) return undefined;
  const homes = orphans.map(({ home }) => home).join(", ");
  const ids = orphans.map(({ table }) => table.replace(/^conifer_/, "")).join(" ");
  const cgroups = `find /sys/fs/cgroup -depth -type d -path "*/conifer-$id*" -exec rmdir {} +`;
  return {
    ...{ matter: "Left-overs", state: "warning" },
    says: `firewall rules of dynos whose home is gone: ${homes}`,
    mend: `for id in ${ids}; do nft delete table inet conifer_$id; ${cgroups}; done`,
  };
}

/** What the sandbox gives here, row by row. */
export function judgeIsolation(rows: readonly AbilityRow[]): readonly Finding[] {
  return rows.map(({ what, state, detail, howToGetMore }) => ({
    matter: `Isolation: ${what}`,
    state: state === "enforced" ? "ok" : "warning",
    says: `${state}: ${detail}`,
    ...(howToGetMore ? { mend: howToGetMore } : {}),
  }));
}

/** A file or folder that nobody else may read: by its mode's bits. */
export function judgeMode(path: string, mode: number, wanted: 0o600 | 0o700): Finding | undefined {
  if ((mode & 0o077) === 0) return undefined;
  const says = `others may read ${path} (mode ${(mode & 0o777).toString(8)})`;
  return { matter: "Home", state: "problem", says, mend: `chmod ${wanted.toString(8)} ${path}` };
}

/** Mounts below the home, from the text of /proc/self/mountinfo. (proc(5)) */
export function mountsBelow(mountInfo: string, home: string): readonly string[] {
  return mountInfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .map((path) =>
      path.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path.startsWith(`${home}/`));
}
