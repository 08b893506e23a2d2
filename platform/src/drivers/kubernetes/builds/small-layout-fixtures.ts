import { writeImage, writeLayer } from "../../../../../buildpacks/lifecycle/image-layout.ts";
import { makeManifest, type OciDescriptor } from "../../../delivery/image/index.ts";
import { makeRunConfig } from "../../cnb/builds/index.ts";

/** Writes an OCI layout of one layer, which holds this text. */
export async function writeSmallLayout(
  folder: string,
  text: string,
): Promise<{ readonly digest: string; readonly layer: OciDescriptor }> {
  const content = async function* () {
    yield Buffer.from(text);
  };
  const { descriptor: layer, diffId } = await writeLayer(folder, content());
  const release = { architecture: "amd64", distroName: "debian", distroVersion: "12" } as const;
  const config = makeRunConfig(release, [{ diffId, what: text }]);
  const { descriptor } = await writeImage(folder, config, (of) => makeManifest(of, [layer]));
  return { digest: descriptor.digest, layer };
}
