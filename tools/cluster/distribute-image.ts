import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster-error.ts";
import { clusterFolders } from "./cluster-folders.ts";
import { findNodes, seeProcesses } from "./cluster-processes.ts";
import { fullImageName, readLayoutContent, writeLayoutArchive } from "./layout-archive.ts";
import { type PackedFile, packImage } from "./pack-image.ts";
import { giveArchive } from "./start-containers.ts";

/** What an image is made of: files, or an OCI layout that `npm run image` and `npm run images` have made. */
export type ImageContent =
  | { readonly kind: "files"; readonly reference: string; readonly files: readonly PackedFile[] }
  | {
      readonly kind: "layout";
      /** Missing where the layout's own name is meant. */
      readonly reference?: string;
      readonly folder: string;
    };

/**
 * Gives an image to every node that runs. Pods use it with an `imagePullPolicy` other than Always.
 * @throws ClusterError when no node runs or the image cannot be read
 */
export async function distributeImage(name: string, content: ImageContent, tell: Tell): Promise<void> {
  const folders = clusterFolders(name, process.env);
  const nodes = findNodes(name, seeProcesses());
  if (nodes.length === 0) throw new ClusterError("failed", `No node of ${name} runs. Bring it up first.`);
  // Nodes see the host's file system here.
  const file = join(folders.state, `image-${process.pid}.tar`);
  const cannot = (thrown: Error) => {
    const what = content.kind === "files" ? content.reference : content.folder;
    return new ClusterError("failed", `${what} cannot be used: ${thrown.message}`, { cause: thrown });
  };
  try {
    const { reference, bytes } = await writeArchive(content, file).catch((thrown: Error) => {
      throw cannot(thrown);
    });
    const what = `Giving ${reference} (${(bytes / 1e6).toFixed(1)} MB) to ${nodes.length} nodes`;
    await tellStep(tell, what, () => Promise.all(nodes.map((node) => giveArchive(node, file))));
  } finally {
    await rm(file, { force: true });
  }
}

async function writeArchive(
  content: ImageContent,
  file: string,
): Promise<{ readonly reference: string; readonly bytes: number }> {
  if (content.kind === "files") {
    const { reference, files } = content;
    const archive = await packImage(fullImageName(reference), files);
    await writeFile(file, archive, { mode: 0o600 });
    return { reference, bytes: archive.length };
  }
  const found = await readLayoutContent(content.folder, process.arch === "arm64" ? "arm64" : "amd64");
  const reference = content.reference ?? found.name;
  if (reference === undefined) throw new Error("it has no name; give it one before its folder");
  await writeLayoutArchive(content.folder, found, { name: fullImageName(reference), file });
  return { reference, bytes: found.blobs.reduce((sum, { size }) => sum + size, 0) };
}
