import { readFileSync } from "node:fs";
import { findApp } from "../apps/app/index.ts";
import { type ArtifactStore, attestImage } from "../delivery/attestation/index.ts";
import type { AttestBuild } from "../delivery/build/index.ts";
import type { ImageStore } from "../delivery/image/index.ts";
import { COMMON_SPACE, repositoryName } from "../delivery/registry/index.ts";
import type { SourceStore } from "../delivery/source/index.ts";
import type { ControlContext } from "./control-context.ts";

/** Where what is said of images comes from, and where it goes. */
export interface AttestationStores {
  readonly images: Pick<ImageStore, "read">;
  readonly sources: Pick<SourceStore, "read">;
  readonly artifacts: ArtifactStore;
}

/** An app's repository, as signatures and bills name it. */
export function appRepositoryName(appId: string): string {
  return repositoryName({ space: COMMON_SPACE, name: appId });
}

/** Says of each image that a build has left what it is: bills of materials, provenance, signature. */
export function makeAttest(context: ControlContext, stores: AttestationStores): AttestBuild {
  const { config, db } = context;
  const builder = {
    engine: config.builderImage === undefined ? "embedded" : "kubernetes",
    coniferVersion: readConiferVersion(),
    image: config.builderImage?.includes("@") ? config.builderImage : undefined,
  };
  const deps = { ...context, ...stores, builder, repositoryOf: appRepositoryName };
  return async (build, image, from) => {
    const app = await findApp(db, build.appId);
    const pushed = build.gitRef !== null && app ? `git+${context.gitUrl(app.name)}` : undefined;
    const { id, stack, createdAt: acceptedAt } = build;
    return await attestImage(
      {
        appId: build.appId,
        imageDigest: image.digest,
        build: { id, stack, acceptedAt, startedAt: from.startedAt },
        sourceDigest: from.content,
        sourceUri: pushed ?? build.sourceUrl ?? undefined,
        sourceVersion: build.sourceVersion,
        ref: build.gitRef,
        folder: from.folder,
      },
      image.builder === undefined ? deps : { ...deps, builder: { ...builder, image: image.builder } },
    );
  };
}

/** Of the package that runs. */
function readConiferVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
