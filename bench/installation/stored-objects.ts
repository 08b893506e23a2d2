import { execFileSync } from "node:child_process";
import { findNodes, seeProcesses } from "../../tools/cluster/cluster-processes.ts";
import { APPS } from "./installation-access.ts";

/** What etcd keeps: how many objects of each kind, and the bytes of their keys and values as they are stored. */
export interface Stored {
  readonly objects: number;
  readonly bytes: number;
  readonly byKind: Readonly<Record<string, { readonly objects: number; readonly bytes: number }>>;
}

/** Kinds that one app has objects of. Events are not among them: they go by themselves after an hour. */
const KINDS = ["configmaps", "secrets", "replicasets", "pods"] as const;

/** Asks the etcd of a cluster of ours, which only its own node reaches. */
export function readStored(cluster: string): Stored {
  const node = findNodes(cluster, seeProcesses()).find(({ number }) => number === 1);
  if (!node) throw new Error(`node1 of ${cluster} does not run`);
  const byKind = Object.fromEntries(KINDS.map((kind) => [kind, readKind(node.pid, kind)]));
  const sum = (what: "objects" | "bytes") =>
    KINDS.reduce((all, kind) => all + (byKind[kind]?.[what] ?? 0), 0);
  return { objects: sum("objects"), bytes: sum("bytes"), byKind };
}

interface Page {
  readonly kvs?: readonly { readonly key: string; readonly value: string }[];
}

const PAGE = 500;

function readKind(pid: number, kind: string): { readonly objects: number; readonly bytes: number } {
  const prefix = `/registry/${kind}/${APPS}/`;
  const end = base64(`${prefix.slice(0, -1)}0`);
  let [objects, bytes, from] = [0, 0, prefix];
  for (;;) {
    const body = JSON.stringify({ key: base64(from), range_end: end, limit: PAGE });
    const url = "http://127.0.0.1:2379/v3/kv/range";
    const args = ["-t", String(pid), "-n", "curl", "-sS", "--fail", "-d", "@-", url];
    const text = execFileSync("nsenter", args, { input: body, encoding: "utf8", maxBuffer: 512 * 2 ** 20 });
    const { kvs = [] } = JSON.parse(text) as Page;
    for (const { key, value } of kvs) {
      objects += 1;
      bytes += Buffer.byteLength(key, "base64") + Buffer.byteLength(value, "base64");
      from = `${Buffer.from(key, "base64").toString()}\0`;
    }
    if (kvs.length < PAGE) return { objects, bytes };
  }
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
