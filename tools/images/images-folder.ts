import { homedir } from "node:os";
import { join } from "node:path";

/** Where run images and the packages they are made of are kept. */
export function imagesFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer", "images");
}
