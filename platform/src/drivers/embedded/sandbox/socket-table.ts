import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { quietly } from "./process-tree.ts";

/** A row of the kernel's table of TCP sockets. */
export interface SocketRow {
  readonly address: string;
  readonly port: number;
  readonly state: "listening" | "established" | "other";
  readonly inode: string;
}

/**
 * Parses `/proc/<pid>/net/tcp` or `tcp6` (proc_net_tcp documentation of Linux): addresses are 32-bit words in the
 * byte order of the machine, ports are hexadecimal. A cut last line is left out.
 */
export function parseSocketTable(text: string): SocketRow[] {
  const rows: SocketRow[] = [];
  for (const line of text.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [host, port] = fields[1]?.split(":") ?? [];
    const inode = fields[9];
    if (!host || !port || !inode) continue;
    const state = fields[3] === "0A" ? "listening" : fields[3] === "01" ? "established" : "other";
    rows.push({ address: addressFromHex(host), port: Number.parseInt(port, 16), state, inode });
  }
  return rows;
}

const NO_ADDRESS: Readonly<Record<string, string>> = { "00000000": "0.0.0.0", [`${"0".repeat(32)}`]: "::" };

/** `0100007F` → `127.0.0.1`; 32 digits → the shortest form of an IPv6 address, IPv4 in it as `::ffff:a.b.c.d`. */
export function addressFromHex(hex: string): string {
  const known = NO_ADDRESS[hex];
  if (known) return known;
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255)
    return `::ffff:${bytes.slice(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** True for an address that takes connections to all of a machine's addresses. */
export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::" || address === "::ffff:0.0.0.0";
}

/** Inodes of the sockets that these processes have open. */
export function socketInodes(pids: readonly number[]): Set<string> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const fd of quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const link = quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (link?.startsWith("socket:[")) inodes.add(link.slice(8, -1));
    }
  }
  return inodes;
}

/** The tables of a network's TCP sockets, as `/proc` names them. */
const TABLES = ["tcp", "tcp6"] as const;

/** How many sockets of each table listen or are connected. */
export type SocketCounts = Readonly<Record<(typeof TABLES)[number], number>>;

/**
 * Counts the sockets of that process's network. It costs a hundredth of a look at a table, for which Linux goes through those
 * of all networks. Undefined when the process is gone. (proc_pid_net(5), sockstat and sockstat6)
 */
export function socketsInUse(pid: number): SocketCounts | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/net/sockstat`, "utf8"));
  if (text === undefined) return undefined;
  // Without IPv6 the kernel has no such file.
  const more = quietly(() => readFileSync(`/proc/${pid}/net/sockstat6`, "utf8")) ?? "TCP6: inuse 0";
  const count = (found: RegExpExecArray | null) => Number(found?.[1]);
  return { tcp: count(/^TCP: inuse (\d+)/m.exec(text)), tcp6: count(/^TCP6: inuse (\d+)/m.exec(more)) };
}

/** Those of a process's tables in which there is something, with their paths; all where it cannot be told. */
function tablesInUse(pid: number, counts: SocketCounts | undefined): readonly string[] {
  return TABLES.filter((table) => counts?.[table] !== 0).map((table) => `/proc/${pid}/net/${table}`);
}

/** Listening rows of that process's network. Linux lists them first, so that only the head is read. */
export function readListening(pid: number, counts = socketsInUse(pid)): SocketRow[] {
  return tablesInUse(pid, counts).flatMap((table) => {
    const rows = parseSocketTable(quietly(() => readHead(table)) ?? "");
    return rows.filter((row) => row.state === "listening");
  });
}

/** True when that process's network has an established connection to the local port. */
export function hasEstablished(pid: number, port: number): boolean {
  return tablesInUse(pid, socketsInUse(pid)).some((table) => {
    const text = quietly(() => readFileSync(table, "utf8")) ?? "";
    return parseSocketTable(text).some((row) => row.state === "established" && row.port === port);
  });
}

const HEAD_BYTES = 64 * 1024;

/** Reads until the rows are no longer listening ones. */
function readHead(path: string): string {
  const fd = openSync(path, "r");
  try {
    let text = "";
    const buffer = Buffer.allocUnsafe(HEAD_BYTES);
    for (;;) {
      const read = readSync(fd, buffer);
      text += buffer.toString("latin1", 0, read);
      if (read === 0 || !lastRowListens(text)) return text;
    }
  } finally {
    closeSync(fd);
  }
}

function lastRowListens(text: string): boolean {
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  return last.trim().split(/\s+/)[3] === "0A" || !last.includes(":");
}
