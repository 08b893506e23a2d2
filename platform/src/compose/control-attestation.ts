import { findApp } from "../apps/app/index.ts";
import { type ArtifactStore, attestImage, attestRebase } from "../delivery/attestation/index.ts";
import type { AttestBuild } from "../delivery/build/index.ts";
import type { ImageStore } from "../delivery/image/index.ts";
import type { AttestRebase } from "../delivery/rebase/index.ts";
import { COMMON_SPACE, repositoryName } from "../delivery/registry/index.ts";
import type { SourceStore } from "../delivery/source/index.ts";
import { readConiferVersion } from "./conifer-version.ts";
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
  const { db } = context;
  const builder = describeBuilder(context);
  const deps = { ...context, ...stores, builder, repositoryOf: appRepositoryName };
  return async (build, image, from) => {
    const app = await findApp(db, build.appId);
    const pushed = build.gitRef !== null && app ? `git+${context.gitUrl(app.name)}` : undefined;
    const { id, stack, createdAt: acceptedAt } = build;
    return await attestImage(
      {
        appId: build.appId,
        ...{ imageDigest: image.digest, platforms: image.platforms },
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

/** Says of each image that was put on another run image what it is. */
export function makeAttestRebase(
  context: ControlContext,
  stores: Omit<AttestationStores, "sources">,
): AttestRebase {
  const deps = { ...context, ...stores, builder: describeBuilder(context), repositoryOf: appRepositoryName };
  return (of) => attestRebase(of, deps);
}

function describeBuilder({ config }: ControlContext) {
  return {
    engine: config.builderImage === undefined ? "embedded" : "kubernetes",
    coniferVersion: readConiferVersion(),
    image: config.builderImage?.includes("@") ? config.builderImage : undefined,
  };
}
