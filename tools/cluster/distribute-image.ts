import { ClusterError } from "./cluster-error.ts";
import { clusterFolders, nodeFolder } from "./cluster-folders.ts";
import { findNodes, seeProcesses } from "./cluster-processes.ts";
import { type PackedFile, packImage } from "./pack-image.ts";
import { giveImage } from "./start-containers.ts";
import { type Tell, tellStep } from "./tell-progress.ts";

/**
 * Makes an image of files and gives it to every node that runs. Pods use it with an `imagePullPolicy` other than Always.
 * @throws ClusterError when no node runs or a file cannot be read
 */
export async function distributeImage(
  name: string,
  reference: string,
  files: readonly PackedFile[],
  tell: Tell,
): Promise<void> {
  const folders = clusterFolders(name, process.env);
  const nodes = findNodes(name, seeProcesses());
  if (nodes.length === 0) throw new ClusterError("failed", `No node of ${name} runs. Bring it up first.`);
  const archive = await packImage(reference, files).catch((thrown: Error) => {
    throw new ClusterError("failed", `${reference} cannot be made: ${thrown.message}`, { cause: thrown });
  });
  const what = `Giving ${reference} (${(archive.length / 1e6).toFixed(1)} MB) to ${nodes.length} nodes`;
  await tellStep(tell, what, () =>
    Promise.all(nodes.map((node) => giveImage(node, nodeFolder(folders, `node${node.number}`), archive))),
  );
}
