/** What is known of a build when its image is stored. It holds no config vars, nor anything a build was given in secret. */
export interface BuiltImage {
  readonly image: { readonly name: string; readonly digest: string };
  readonly build: {
    readonly id: string;
    readonly stack: string;
    readonly acceptedAt: Date;
    /** When an engine began with it. */
    readonly startedAt: Date;
    readonly finishedAt: Date;
  };
  readonly source: {
    /** Of what was built, the tar of its files, `sha256:<hex>`. */
    readonly digest: string;
    /** Where it came from: a repository, or an address as the caller gave it. */
    readonly uri: string | undefined;
    /** The commit, or the version the caller named. */
    readonly version: string | null;
    readonly ref: string | null;
    /** The folder of the repository that is the app. */
    readonly folder: string | undefined;
  };
  readonly builder: {
    /** Who is answerable for the build: this installation. */
    readonly id: string;
    readonly coniferVersion: string;
    readonly engine: string;
    /** The image that the build ran in, where it ran in one. */
    readonly image: string | undefined;
    readonly lifecycleVersion: string | undefined;
  };
  readonly buildpacks: readonly {
    readonly id: string;
    readonly version: string;
    readonly homepage?: string;
  }[];
  readonly runImage: { readonly name: string; readonly digest: string };
  /** What the build says of itself beside the image: the bills of materials, name → digest. */
  readonly bills: Readonly<Record<string, string>>;
}

export const STATEMENT_TYPE = "application/vnd.in-toto+json";
export const PREDICATE_TYPE = "https://slsa.dev/provenance/v1";
/** What the parameters mean is in the guide "Images that can be trusted". */
export const BUILD_TYPE = "urn:conifer:build:cnb:v1";

/** An in-toto Statement v1 with SLSA provenance v1 (slsa.dev/spec/v1.0/provenance). */
export function makeProvenance(built: BuiltImage): object {
  const { image, build, source, builder, bills } = built;
  const seconds = (from: Date, to: Date) =>
    Math.max(0, Math.round((to.getTime() - from.getTime()) / 10) / 100);
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: image.name, digest: digestSet(image.digest) }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          source: { ...uriOf(source), ...(source.version === null ? {} : { version: source.version }) },
          ...(source.ref === null ? {} : { ref: source.ref }),
          ...(source.folder === undefined ? {} : { folder: source.folder }),
          stack: build.stack,
        },
        internalParameters: {
          engine: builder.engine,
          buildpacks: built.buildpacks.map(({ id, version }) => ({ id, version })),
        },
        resolvedDependencies: dependenciesOf(built),
      },
      runDetails: {
        builder: { id: builder.id, version: versionsOf(builder) },
        metadata: {
          invocationId: build.id,
          startedOn: build.startedAt.toISOString(),
          finishedOn: build.finishedAt.toISOString(),
          conifer_durations: {
            waiting_seconds: seconds(build.acceptedAt, build.startedAt),
            building_seconds: seconds(build.startedAt, build.finishedAt),
          },
        },
        byproducts: Object.entries(bills).map(([name, digest]) => ({ name, digest: digestSet(digest) })),
      },
    },
  };
}

function versionsOf({ coniferVersion, lifecycleVersion }: BuiltImage["builder"]) {
  return {
    conifer: coniferVersion,
    ...(lifecycleVersion === undefined ? {} : { lifecycle: lifecycleVersion }),
  };
}

/** Everything that went into the image and is known by digest or version. */
function dependenciesOf({ source, builder, buildpacks, runImage }: BuiltImage) {
  const commit = source.version !== null && COMMIT.test(source.version) ? { gitCommit: source.version } : {};
  return [
    { name: "source", ...uriOf(source), digest: { ...digestSet(source.digest), ...commit } },
    ...(builder.image === undefined ? [] : [named("builder image", builder.image)]),
    {
      name: "run image",
      uri: runImage.name || "host",
      ...(isDigest(runImage.digest) ? { digest: digestSet(runImage.digest) } : {}),
    },
    ...buildpacks.map(({ id, version, homepage }) => ({
      name: `buildpack ${id}`,
      uri: homepage ?? `urn:cnb:registry:${id}`,
      annotations: { version },
    })),
  ];
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const isDigest = (text: string) => /^sha256:[0-9a-f]{64}$/.test(text);

function named(name: string, reference: string) {
  const [uri = "", digest = ""] = reference.split("@");
  return { name, uri, ...(isDigest(digest) ? { digest: digestSet(digest) } : {}) };
}

function uriOf({ uri, digest }: BuiltImage["source"]): { uri: string } {
  return { uri: uri === undefined ? `urn:conifer:source:${digest}` : publicAddress(uri) };
}

/** An address without what only its owner may know: credentials, and the signatures that queries carry. */
export function publicAddress(uri: string): string {
  if (!URL.canParse(uri)) return "urn:conifer:source:unknown";
  const url = new URL(uri);
  [url.username, url.password, url.search, url.hash] = ["", "", "", ""];
  return url.href;
}

/** A digest as in-toto's statements write it (in-toto Attestation Framework, "DigestSet"). */
export function digestSet(digest: string): { sha256: string } {
  return { sha256: digest.slice("sha256:".length) };
}
