/** Files by path; undefined takes one away that a scaffolding package has made. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** A text of a file, and what stands in its place afterwards. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A program and its arguments. */
export type Step = readonly string[];

/** A project as somebody pushes it, and how it is seen that it works. It is made on this machine; nothing of it is kept in the repository. */
export interface CorpusProject {
  readonly name: string;
  readonly language: string;
  /** Official scaffolding packages, in an empty folder, with the versions that are meant; they make its folder `app`. */
  readonly scaffold?: readonly Step[];
  /** Written over that; the app itself where there is no scaffolding package. */
  readonly files?: Changes;
  readonly edits?: readonly Edit[];
  /** In the app's folder, as its developer would before a commit: lock files above all. */
  readonly finish?: readonly Step[];
  /** What neither files nor steps can make. */
  readonly make?: (folder: string) => void | Promise<void>;
  readonly config?: Readonly<Record<string, string>>;
  readonly stack?: "container";
  /** The page that is asked for; `/` unless said. */
  readonly page?: string;
  /** What the page has to hold. */
  readonly says: string;
  /** The one line that is changed before the second build. */
  readonly change: Edit;
  /** What the page has to hold after that. */
  readonly thenSays: string;
  /** Why it cannot be tried on this machine; undefined where it can. */
  readonly missing?: () => string | undefined;
}

/** The change of a greeting that an app's only source has. */
export function greets(file: string, words = "Hello"): Pick<CorpusProject, "says" | "change" | "thenSays"> {
  return { says: words, change: { file, from: words, to: `Again ${words}` }, thenSays: `Again ${words}` };
}

/**
 * Makes npm's lock file. Where a registry lacks packages for other kinds of machines npm leaves them out, and then refuses what it
 * has written: such an app is pushed without one.
 */
export const LOCK: Step = [
  "sh",
  "-c",
  "npm install --package-lock-only --ignore-scripts && { npm ci --dry-run --ignore-scripts >/dev/null 2>&1 || rm package-lock.json; }",
];
