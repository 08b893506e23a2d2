import { BusinessError, invalidParams } from "../../kernel/index.ts";
import { cleanTar } from "./clean-tar.ts";
import type { SourceStore } from "./source-ports.ts";
import { DEFAULT_TAR_LIMITS } from "./tar-limits.ts";

/**
 * Stores a folder of a stored source as a source of its own: equal content of the folder has an equal digest, whatever
 * else changed. `folder` is a clean path from the top, without slashes around it. Links keep their targets, so one that
 * leads out of the folder leads nowhere. Throws invalid_params for a folder without files, not_found for the source.
 */
export async function cutSource(
  digest: string,
  folder: string,
  sources: Pick<SourceStore, "read" | "write">,
): Promise<{ readonly digest: string }> {
  const rules = { limits: DEFAULT_TAR_LIMITS, links: "any", within: folder } as const;
  const cut = cleanTar(await sources.read(digest), rules);
  try {
    const [stored] = await Promise.all([sources.write(cut.tar), cut.report]);
    return { digest: stored.digest };
  } catch (thrown) {
    if (thrown instanceof BusinessError && thrown.id === "invalid_params")
      throw invalidParams(
        `There are no files in ${folder}, the folder that PROJECT_PATH names. It is a path from the top of the ` +
          "repository, as in: heroku config:set PROJECT_PATH=packages/web",
      );
    throw thrown;
  }
}
