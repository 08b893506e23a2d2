import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { SiteConfig } from "../static/launch/site-config.ts";
import type { BuildContext } from "./build-context.ts";
import { contentKey } from "./content-key.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "./layer-folder.ts";

const SERVER = "static-server.mjs";
const SETTINGS = "site.json";

/**
 * Puts the web server for plain files into the image as the layer `server`, with how it is to serve them. Returns the
 * paths of the program and of its settings: it takes a folder, then those. It needs Node.js 18.2.
 */
export async function provideStaticServer(
  context: BuildContext,
  config: SiteConfig,
): Promise<{ readonly server: string; readonly settings: string }> {
  const layer = await openLayer(context.layersDir, "server");
  const program = await readFile(path.join(context.buildpackDir, "launch", SERVER));
  const settings = `${JSON.stringify(config, undefined, 1)}\n`;
  const metadata = { key: contentKey(program, settings) };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await writeFile(path.join(layer.dir, SERVER), program);
    await writeFile(path.join(layer.dir, SETTINGS), settings);
  }
  await saveLayer(layer, { launch: true }, metadata);
  return { server: path.join(layer.dir, SERVER), settings: path.join(layer.dir, SETTINGS) };
}
