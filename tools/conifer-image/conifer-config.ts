import type { OciConfig } from "../../platform/src/delivery/image/index.ts";
import { type Architecture, CPU } from "../images/debian-release.ts";
import type { NamedLayer } from "./kept-layers.ts";
import { CONIFER_USER } from "./make-base-layers.ts";
import { CONIFER_FOLDER } from "./make-module-layers.ts";

/** Which Conifer an image holds. */
export interface ConiferVersion {
  readonly version: string;
  /** The commit; missing where the sources are no clone. */
  readonly revision?: string;
  /** When the commit was made: images have no other time, so that the same sources give the same image. */
  readonly created: Date;
  readonly license: string;
}

/** The annotations and labels of everything that belongs to it (image-spec, "Pre-Defined Annotation Keys"). */
export function coniferLabels({
  version,
  revision,
  created,
  license,
}: ConiferVersion): Record<string, string> {
  return {
    "org.opencontainers.image.created": timeOf(created),
    "org.opencontainers.image.description": "All roles of a Conifer installation in a cluster.",
    "org.opencontainers.image.licenses": license,
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
    "org.opencontainers.image.title": "Conifer",
    "org.opencontainers.image.version": version,
  };
}

/** In seconds, as image documents have it. */
export function timeOf(created: Date): string {
  return created.toISOString().replace(/\.\d+Z$/, "Z");
}

export function makeConiferConfig(
  version: ConiferVersion,
  architecture: Architecture,
  layers: readonly NamedLayer[],
): OciConfig {
  const created = timeOf(version.created);
  const node = `${CONIFER_FOLDER}/node_modules/node-linux-${CPU[architecture]}/bin`;
  return {
    created,
    architecture,
    os: "linux",
    config: {
      User: `${CONIFER_USER.uid}:${CONIFER_USER.gid}`,
      Env: [
        `PATH=${node}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        `CONIFER_HOME=${CONIFER_USER.home}`,
      ],
      Entrypoint: [`${CONIFER_FOLDER}/bin/role`],
      WorkingDir: CONIFER_FOLDER,
      Labels: coniferLabels(version),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ what }) => ({ created, created_by: what })),
  };
}
