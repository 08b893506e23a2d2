import {
  ARCHITECTURES,
  type ImageStore,
  LABEL,
  type OciConfig,
  readImageDocuments,
  readPlatforms,
} from "../../../delivery/image/index.ts";
import { joinBuilds, type RunImageBuild } from "../../../delivery/rebase/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { makeRunConfig, runImageName } from "./run-image.ts";

/**
 * What the run image of the store with this digest is called. One of the platform's own tells it by its release; one of others
 * is called as the caller says. Of an index all images are told. Throws not_found when it is not there, and invalid_params for one
 * that apps could not be put on.
 */
export async function describeRunImage(
  store: Pick<ImageStore, "read">,
  digest: string,
  as: string | undefined,
): Promise<RunImageBuild> {
  const platforms = (await readPlatforms(store, digest)).filter((one) => one.digest !== digest);
  const [first, ...others] = await Promise.all(platforms.map((one) => describeOne(store, one.digest, as)));
  return first ? joinBuilds(first, ...others) : await describeOne(store, digest, as);
}

async function describeOne(
  store: Pick<ImageStore, "read">,
  digest: string,
  as: string | undefined,
): Promise<RunImageBuild> {
  const { config } = await readImageDocuments(store, digest);
  const topLayer = config.rootfs.diff_ids.at(-1);
  if (topLayer === undefined)
    throw invalidParams(`The image ${digest} has no layers: apps cannot be put on it.`);
  if (config.config.Labels?.[LABEL.lifecycle] !== undefined)
    throw invalidParams(`The image ${digest} is an app's: apps cannot be put on it.`);
  const name = as ?? ownName(config);
  const architecture = ARCHITECTURES.find((known) => known === config.architecture);
  if (name !== undefined) return { name, digest, topLayer, ...(architecture ? { architecture } : {}) };
  throw invalidParams(
    `The image ${digest} does not tell what it is called. Say it with --as, as the apps' images have it: rebase status lists them.`,
  );
}

/** The name of a run image of ours; undefined for one of others, whose config is another. */
function ownName({ architecture, config }: OciConfig): string | undefined {
  if (architecture !== "amd64" && architecture !== "arm64") return undefined;
  const { [LABEL.distroName]: distroName = "", [LABEL.distroVersion]: distroVersion = "" } =
    config.Labels ?? {};
  const release = { architecture, distroName, distroVersion } as const;
  const { User, Env = [] } = makeRunConfig(release, []).config;
  const isOurs = config.User === User && config.Env?.join("\n") === Env.join("\n");
  return isOurs ? runImageName(release) : undefined;
}
