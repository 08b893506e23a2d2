import { readdir } from "node:fs/promises";

/** What a folder holds of its newest epoch. */
export interface Kept {
  readonly epoch: number;
  /** Numbers of the chunks that are kept, in order; the first one kept may not be the first one written. */
  readonly chunks: readonly number[];
  /** No more text will come. */
  readonly ended: boolean;
}

export function chunkName(epoch: number, chunk: number): string {
  return `${epoch}.${chunk}.txt`;
}

export function endName(epoch: number): string {
  return `${epoch}.end`;
}

/** Undefined when nothing has begun there. */
export async function lookAt(folder: string): Promise<Kept | undefined> {
  const names = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
  return keptOf(names);
}

/** Reads the names of a folder's files; those of older epochs are left over from a beginning that was cut short. */
export function keptOf(names: readonly string[]): Kept | undefined {
  const chunks = names.flatMap((name) => {
    const [, epoch, chunk] = /^(\d+)\.(\d+)\.txt$/.exec(name) ?? [];
    return epoch && chunk ? [{ epoch: Number(epoch), chunk: Number(chunk) }] : [];
  });
  if (chunks.length === 0) return undefined;
  const epoch = Math.max(...chunks.map((each) => each.epoch));
  const own = chunks.filter((each) => each.epoch === epoch).map((each) => each.chunk);
  return { epoch, chunks: own.sort((a, b) => a - b), ended: names.includes(endName(epoch)) };
}
