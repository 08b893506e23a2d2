import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { clusterFolders } from "./cluster/cluster-folders.ts";
import { planCluster } from "./cluster/cluster-plan.ts";
import { readSettings } from "./cluster/cluster-settings.ts";
import { imagesFolder } from "./images/images-folder.ts";
import { makeBuilderImage } from "./images/make-builder-image.ts";
import { makeRunImage } from "./images/make-run-image.ts";

/** The variables by which suites find a cluster of ours and the images of theirs, which are made if need be. */
export async function describeCluster(name: string): Promise<Record<string, string>> {
  const folders = clusterFolders(name, process.env);
  const settings = await readSettings(folders);
  if (!settings) throw new Error(`The cluster ${name} has no settings.`);
  const { registry } = planCluster(settings);
  const images = imagesFolder(process.env);
  const image = await makeRunImage(images, tellOnError);
  const builder = await makeBuilderImage(images, tellOnError);
  return {
    KUBECONFIG: folders.kubeconfig,
    CONIFER_CLUSTER: name,
    CONIFER_CLUSTER_REGISTRY: registry,
    CONIFER_REGISTRY_ADDRESS: registry,
    CONIFER_RUN_IMAGE: image.folder,
    CONIFER_BUILDER_IMAGE: builder.folder,
  };
}
