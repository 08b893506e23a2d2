/** What of a `.yarnrc.yml` (Yarn 2 and later) and of the folder `.yarn` decides a build. */
export interface YarnSettings {
  /** How packages are found: files in node_modules, or Yarn's own map of archives (`pnp`). */
  readonly linker: "node-modules" | "pnpm" | "pnp";
  /** The program that the repository brings (`yarnPath`), when it is there. */
  readonly program: string | undefined;
  /** Whether `yarnPath` names a file that is not there. */
  readonly programIsMissing: boolean;
  /** Whether the archives of packages are in the repository, so that nothing is fetched. */
  readonly zeroInstall: boolean;
  /** The folder of archives, relative to the app. */
  readonly cacheFolder: string;
  /** Whether `yarn workspaces focus` is there before Yarn 4: by a plug-in. */
  readonly hasFocusPlugin: boolean;
}

/** Settings by their documented defaults (yarnpkg.com, "Settings"). Only plain `name: value` lines count. */
export function readYarnSettings(text: string, hasFile: (name: string) => boolean): YarnSettings {
  const setting = (name: string) => {
    const value = new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*(?:#.*)?\\r?$`, "m").exec(text)?.[1];
    return value?.replace(/^(["'])(.*)\1$/, "$2") || undefined;
  };
  const linker = setting("nodeLinker");
  const yarnPath = setting("yarnPath")?.replace(/^\.\//, "");
  const isInside = yarnPath !== undefined && !yarnPath.startsWith("/") && !yarnPath.split("/").includes("..");
  const program = isInside && hasFile(yarnPath) ? yarnPath : undefined;
  const cacheFolder = setting("cacheFolder")?.replace(/^\.\//, "") ?? ".yarn/cache";
  return {
    linker: linker === "node-modules" || linker === "pnpm" ? linker : "pnp",
    program,
    programIsMissing: yarnPath !== undefined && program === undefined,
    zeroInstall: hasFile(cacheFolder),
    cacheFolder,
    hasFocusPlugin: /plugin-workspace-tools/.test(text),
  };
}
