import { digestSet } from "./slsa-provenance.ts";

/** What is known of a rebased image. */
export interface RebasedBuild {
  readonly image: { readonly name: string; readonly digest: string };
  /** The image it was made of, whose own provenance says how that was built. */
  readonly from: string;
  readonly runImage: { readonly name: string; readonly digest: string };
  readonly passId: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly installation: { readonly id: string; readonly coniferVersion: string; readonly engine: string };
  /** The bills of materials, name → digest. */
  readonly bills: Readonly<Record<string, string>>;
}

/** What the parameters mean is in the guide "Images that can be trusted". */
export const REBASE_TYPE = "urn:conifer:rebase:v1";

/** An in-toto Statement v1 with SLSA provenance v1 (slsa.dev/spec/v1.0/provenance) of an image that was not built anew. */
export function makeRebaseProvenance(rebased: RebasedBuild): object {
  const { image, from, runImage, installation } = rebased;
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: image.name, digest: digestSet(image.digest) }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: REBASE_TYPE,
        externalParameters: { image: from, runImage: `${runImage.name}@${runImage.digest}` },
        internalParameters: { engine: installation.engine },
        resolvedDependencies: [
          { name: "app image", uri: image.name, digest: digestSet(from) },
          { name: "run image", uri: runImage.name, digest: digestSet(runImage.digest) },
        ],
      },
      runDetails: {
        builder: { id: installation.id, version: { conifer: installation.coniferVersion } },
        metadata: {
          invocationId: rebased.passId,
          startedOn: rebased.startedAt.toISOString(),
          finishedOn: rebased.finishedAt.toISOString(),
        },
        byproducts: Object.entries(rebased.bills).map(([name, digest]) => ({
          name,
          digest: digestSet(digest),
        })),
      },
    },
  };
}
