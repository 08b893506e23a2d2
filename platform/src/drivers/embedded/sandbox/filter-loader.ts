import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type FilteredKind, type FilteredProcessor, systemCallFilter } from "./system-call-filter.ts";

/** How a program is begun under a filter of system calls. */
export interface FilterLoader {
  /**
   * The words before a command that is to run under the filter; `perl` are those that call perl there. The process must not
   * be able to gain privileges any more, and keeps everything but what the filter refuses.
   */
  readonly words: (kind: FilteredKind, perl?: readonly string[]) => readonly string[];
}

/** Folders that a sandbox on this machine's base has as well. */
const FOLDERS = ["/usr/bin", "/bin"];
const SECCOMP = { x64: 317, arm64: 277 } as const;

/**
 * Perl's text, which makes one system call and becomes the command: seccomp(2) with SECCOMP_SET_MODE_FILTER and a
 * `struct sock_fprog`. Perl is the one program of Debian's essential packages that can; nothing of its library is loaded.
 */
const loaderText = (processor: FilteredProcessor) =>
  [
    "my $filter = pack('H*', shift);",
    "my $program = pack('S x6 P', length($filter) / 8, $filter);",
    `if (syscall(${SECCOMP[processor]}, 1, 0, $program) != 0) { print STDERR qq(seccomp: $!\\n); exit 125 }`,
    "exec { $ARGV[0] } @ARGV;",
    "print STDERR qq($ARGV[0]: $!\\n); exit 127",
  ].join(" ");

/** What filters system calls here, or what the operator can do to have it. By trial: no kernel has to offer it. */
export async function findFilterLoader(
  processor: NodeJS.Architecture = process.arch,
): Promise<{ readonly loader: FilterLoader } | { readonly hint: string }> {
  if (processor !== "x64" && processor !== "arm64")
    return { hint: "Run Conifer on x64 or arm64, whose system calls it knows." };
  const perl = FOLDERS.map((folder) => join(folder, "perl")).find((path) => existsSync(path));
  if (!perl) return { hint: "Install perl and start Conifer again: apt-get install perl-base" };
  const loader = makeFilterLoader(processor, perl);
  const [command = "", ...args] = [
    "setpriv",
    "--no-new-privs",
    ...loader.words("program"),
    "/bin/sh",
    "-c",
    ":",
  ];
  try {
    await promisify(execFile)(command, args, { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } });
    return { loader };
  } catch (thrown) {
    const said = (thrown as { stderr?: string }).stderr?.trim().split("\n")[0];
    return { hint: `Use a kernel that filters system calls (CONFIG_SECCOMP_FILTER): ${said || thrown}` };
  }
}

export function makeFilterLoader(processor: FilteredProcessor, perl: string): FilterLoader {
  const text = loaderText(processor);
  const filters = {
    program: systemCallFilter(processor, "program").toString("hex"),
    guest: systemCallFilter(processor, "guest").toString("hex"),
    builder: systemCallFilter(processor, "builder").toString("hex"),
  };
  return { words: (kind, call = [perl]) => [...call, "-e", text, filters[kind]] };
}
