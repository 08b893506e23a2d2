import { generateKeyPairSync, sign } from "node:crypto";
import { nodeHash, recordHash } from "./checksum-tree.ts";

/** The hash of a tree of records, by its definition (RFC 6962, 2.1). */
export function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  let width = 1;
  while (width * 2 < leaves.length) width *= 2;
  return nodeHash(treeHash(leaves.slice(0, width)), treeHash(leaves.slice(width)));
}

const keyHash = Buffer.from("c0ffee01", "hex");

/** A checksum database of these records, as its protocol answers; `setting` is what GOSUMDB must hold. */
export function makeDatabase(records: readonly string[], name = "sums.example") {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const leaves = records.map(recordHash);
  const key = Buffer.concat([Buffer.from([1]), raw]).toString("base64");
  const note = (size = records.length, root = treeHash(leaves.slice(0, size))) => {
    const text = `go.sum database tree\n${size}\n${root.toString("base64")}\n`;
    const signature = Buffer.concat([keyHash, sign(null, Buffer.from(text), privateKey)]);
    return `${text}\n— ${name} ${signature.toString("base64")}\n`;
  };
  const tile = (level: number, number: number, width: number) => {
    const span = 256 ** level;
    const rows: Buffer[] = [];
    for (let i = number * 256; i < number * 256 + width && (i + 1) * span <= leaves.length; i++) {
      rows.push(treeHash(leaves.slice(i * span, (i + 1) * span)));
    }
    return Buffer.concat(rows);
  };
  return {
    setting: `${name}+${keyHash.toString("hex")}+${key}`,
    note,
    /** Answers a path of the protocol; undefined for what it does not have. */
    answer(path: string): Buffer | undefined {
      const asked = /^\/tile\/8\/(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path);
      if (asked) {
        const number = Number((asked[2] ?? "").replaceAll(/[x/]/g, ""));
        return tile(Number(asked[1]), number, Number(asked[3] ?? 256));
      }
      const module = /^\/lookup\/(.+)@(.+)$/.exec(path);
      const index = records.findIndex((one) => one.startsWith(`${module?.[1]} ${module?.[2]} `));
      return index < 0 ? undefined : Buffer.from(`${index}\n${records[index]}\n${note()}`);
    },
  };
}

export const reader = (answer: (path: string) => Buffer | undefined) => async (path: string) => {
  const found = answer(path);
  if (found === undefined) throw new Error(`404 ${path}`);
  return found;
};
