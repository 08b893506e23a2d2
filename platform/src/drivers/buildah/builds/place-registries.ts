import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RegistryAccess, registriesConf } from "../../registry/client/index.ts";
import { REGISTRIES_FILE } from "./buildah-calls.ts";

/** Makes the folder that is buildah's home, with the operator's mirrors and registries without TLS in it. */
export async function placeRegistries(
  home: string,
  access: Pick<RegistryAccess, "registries">,
): Promise<void> {
  const path = join(home, REGISTRIES_FILE);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, registriesConf(access), { mode: 0o644 });
}
