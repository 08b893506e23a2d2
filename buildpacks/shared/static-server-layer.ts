import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "./build-context.ts";
import { contentKey } from "./content-key.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "./layer-folder.ts";

const SERVER = "static-server.mjs";

/**
 * Puts the web server for plain files into the image as the layer `server`, and returns the program's path: it takes a
 * folder and, for single-page apps, the file in it that answers for addresses that are no file. It needs Node.js 18.2.
 */
export async function provideStaticServer(context: BuildContext): Promise<string> {
  const layer = await openLayer(context.layersDir, "server");
  const program = await readFile(path.join(context.buildpackDir, "launch", SERVER));
  const metadata = { key: contentKey(program) };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await writeFile(path.join(layer.dir, SERVER), program);
  }
  await saveLayer(layer, { launch: true }, metadata);
  return path.join(layer.dir, SERVER);
}
