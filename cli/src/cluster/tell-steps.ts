/** Says one line to whoever watches. */
export type Tell = (line: string) => void;

/** Progress goes to standard error, so that standard output holds nothing but results. */
export const tellOnError: Tell = (line) => process.stderr.write(`${line}\n`);

/** Says what is being done, and how long it took when that was over a second. */
export async function tellStep<T>(tell: Tell, what: string, work: () => Promise<T>): Promise<T> {
  tell(`${what} ...`);
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1_000;
  if (seconds >= 1) tell(`  done in ${seconds.toFixed(1)} s`);
  return result;
}
