import type { Repository } from "./registry-rules.ts";

/** Has work wait for the work before it in the same repository. What fails holds nobody up. */
export type RepositoryTurns = <T>(repository: Repository, work: () => Promise<T>) => Promise<T>;

/**
 * What decides by what a repository holds takes turns: a manifest is not taken while a blob that it names is deleted, and
 * two pushes do not both find the last bytes of a quota. Only repositories of one name wait for each other: their own, or
 * that of their space where there is a quota of spaces.
 */
export function makeRepositoryTurns(nameOf: (repository: Repository) => string): RepositoryTurns {
  const last = new Map<string, Promise<unknown>>();
  return (repository, work) => {
    const name = nameOf(repository);
    const mine = (last.get(name) ?? Promise.resolve()).then(work);
    const settled = mine.then(
      () => {},
      () => {},
    );
    last.set(name, settled);
    void settled.then(() => {
      if (last.get(name) === settled) last.delete(name);
    });
    return mine;
  };
}
