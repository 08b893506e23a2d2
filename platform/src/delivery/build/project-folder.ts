import { invalidParams } from "../../kernel/index.ts";

/** The config var that names the folder of a repository that is the app, as known from buildpacks for monorepos. */
export const PROJECT_PATH = "PROJECT_PATH";

/**
 * The folder of the source that is built, as a clean path from its top; undefined for all of it. Throws invalid_params for
 * a path that is none.
 */
export function projectFolder(config: Readonly<Record<string, string>>): string | undefined {
  const text = config[PROJECT_PATH]?.trim() ?? "";
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw invalidParams(
      `PROJECT_PATH is "${text}", which leads out of the repository. Name a folder in it: ` +
        "heroku config:set PROJECT_PATH=packages/web",
    );
  return parts.length === 0 ? undefined : parts.join("/");
}
