/** A file of a container's output, by its name in the container's folder. */
export interface RunFile {
  readonly name: string;
  /** How often the container had been started again before. */
  readonly run: number;
  readonly isCompressed: boolean;
}

/** `0.log`, the one that is written; `0.log.20261121-104500`, one that was put aside, compressed later to `….gz`. */
const FILE = /^(\d{1,9})\.log(?:\.(\d{8}-\d{6})(\.gz)?)?$/;

/** The files of output among a folder's names, in the order they were written; of one that has two forms the plain one. */
export function orderRunFiles(names: readonly string[]): RunFile[] {
  const found = names.flatMap((name) => {
    const [, run, moment, compressed] = FILE.exec(name) ?? [];
    if (run === undefined) return [];
    return [{ name, run: Number(run), moment: moment ?? "~", isCompressed: compressed !== undefined }];
  });
  const plain = new Set(names);
  return found
    .filter(({ name, isCompressed }) => !isCompressed || !plain.has(name.slice(0, -3)))
    .sort((a, b) => a.run - b.run || (a.moment < b.moment ? -1 : 1))
    .map(({ name, run, isCompressed }) => ({ name, run, isCompressed }));
}
