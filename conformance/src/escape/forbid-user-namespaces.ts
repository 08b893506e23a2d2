/** Numbers of system calls that can begin a user namespace, by the processor. */
const CALLS = {
  x64: { clone: 56, unshare: 272, clone3: 435, seccomp: 317 },
  arm64: { clone: 220, unshare: 97, clone3: 435, seccomp: 277 },
} as const;

const NEW_USER = 0x1000_0000;
const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
/** Instructions of classic BPF (linux/filter.h). */
const LOAD = 0x20;
const EQUAL = 0x15;
const ANY_BIT = 0x45;
const RETURN = 0x06;

/**
 * A command that runs another one, and all that comes of it, as on a machine whose kernel forbids user namespaces. Only root can
 * type it, and needs perl.
 */
export function forbidUserNamespaces(): readonly string[] {
  const { clone, unshare, clone3, seccomp } = CALLS[process.arch === "arm64" ? "arm64" : "x64"];
  const filter = [
    ...[instruction(LOAD, 0), instruction(EQUAL, clone3, 3), instruction(EQUAL, clone, 3)],
    ...[instruction(EQUAL, unshare, 2), instruction(RETURN, ALLOW), instruction(RETURN, ENOSYS)],
    ...[instruction(LOAD, 16), instruction(ANY_BIT, NEW_USER, 0, 1)],
    ...[instruction(RETURN, EPERM), instruction(RETURN, ALLOW)],
  ].join("");
  const text = [
    "my $filter = pack('H*', shift);",
    "my $program = pack('S x6 P', length($filter) / 8, $filter);",
    `die $! if syscall(${seccomp}, 1, 0, $program) != 0; exec { $ARGV[0] } @ARGV; die $!`,
  ].join(" ");
  return ["perl", "-e", text, filter];
}

function instruction(code: number, value: number, yes = 0, no = 0): string {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes.toString("hex");
}
