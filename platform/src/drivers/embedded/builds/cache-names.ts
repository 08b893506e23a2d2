import { ARCHITECTURES } from "../../../delivery/image/index.ts";
import type { Architecture } from "../../cnb/builds/index.ts";

/** The name of an app's cache for these processors: the app's own id for this machine's. */
export function cacheNameOf(appId: string, architecture: Architecture, own: Architecture): string {
  return architecture === own ? appId : `${appId}-${architecture}`;
}

/** The names of all caches of buildpacks that an app may have. */
export function cacheNamesOf(appId: string): readonly string[] {
  return [appId, ...ARCHITECTURES.map((one) => `${appId}-${one}`)];
}
