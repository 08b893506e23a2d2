import {
  DOCUMENT_LIMIT,
  type ImageDocuments,
  MEDIA,
  makeIndex,
  parseIndex,
  readImageDocuments,
} from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import {
  type BuilderFacts,
  bringRunImage,
  builderRefusal,
  builderTold,
  type ImageFiles,
  keptTold,
  makerOf,
  missingImage,
  PULLED_BYTES,
  type PulledKind,
  pullingTold,
  readBuilderFacts,
  readBuilderUser,
  readImageFiles,
  requireReference,
  resolveImageUser,
} from "../../cnb/builds/index.ts";
import {
  layoutPathOf,
  parseShortReference,
  pullImage,
  type RegistryAccess,
  type RegistryClient,
  RegistryRequestError,
  referenceText,
  withRegistryImage,
} from "../../registry/client/index.ts";
import { BUILDER_TAG, type PodBuilder } from "./build-task.ts";
import { intoRepository, readRepository } from "./repository-content.ts";

/** Where builders of others come from. */
export interface BuilderSources extends RegistryAccess {
  readonly architecture: "amd64" | "arm64";
}

export interface BringCall {
  /** The app's own repository, with the right to push: where the builder and its run image go. */
  readonly ours: RegistryClient;
  readonly repository: string;
  /** Behind the tag that notes what was brought. */
  readonly tagSuffix?: string | undefined;
  /** Named by the operator: it may come from any address. */
  readonly trusted: boolean;
  readonly signal: AbortSignal;
  /** Lines for the build's output. */
  readonly tell: (line: string) => void;
}

/** Unpacked layers that are read for a few small files: builders have those on top. */
const SEARCHED_BYTES = 4 * 1024 ** 3;
/** Characters of what a pod is told of a builder: a Secret has room for a megabyte, and the app's variables are in it too. */
const MOST_TOLD = 256 * 1024;
const NAME = "org.opencontainers.image.ref.name";
const FILES = ["cnb/order.toml", "cnb/run.toml", "cnb/stack.toml", "cnb/lifecycle/lifecycle.toml"];

/**
 * Has a builder image of somebody else's, and the run image it names, in the app's repository, and says how to build with
 * it. Nodes pull it from there: no node calls a registry that an app has named, and none needs that registry's credential.
 * What was there from a build before is not fetched again, and serves while the registry is away. Throws invalid_params with
 * what the person who waits can do, and the signal's reason after an abort.
 */
export async function bringBuilder(
  name: string,
  sources: BuilderSources,
  call: BringCall,
): Promise<PodBuilder> {
  const { ours, repository, signal, tell, tagSuffix = "" } = call;
  const at = { repository, tag: BUILDER_TAG + tagSuffix };
  tell(`-----> Using builder ${name}`);
  try {
    requireReference(name);
    const before = await readBrought(ours, at);
    const bring = (kind: PulledKind, image: string) =>
      bringImage({ kind, image }, { ...call, ...sources, before });
    const builder = await bring("builder", name);
    const facts = await readFacts(name, builder, call);
    const run = await bringRunImage(facts.runImages[0], signal, async (image) => ({
      image,
      digest: await bring("run image", image),
    }));
    const user = await readRunUser(run, facts, call);
    tell(builderTold(facts, run.image));
    await noteBrought(ours, at, [{ image: name, digest: builder }, run]);
    const brought: PodBuilder = {
      ...{ name, digest: builder, maker: makerOf(name), user: facts.user, platformApi: facts.platformApi },
      ...{ buildpacks: facts.buildpacks, order: facts.order },
      runImage: { digest: run.digest, name: run.image, path: layoutPathOf(run.image), user },
    };
    if (JSON.stringify(brought).length <= MOST_TOLD) return brought;
    throw new Error(`its order.toml and list of buildpacks are larger than ${MOST_TOLD} bytes`);
  } catch (thrown) {
    signal.throwIfAborted();
    throw builderRefusal(name, thrown);
  }
}

/** Where it is noted what was brought. */
interface Noted {
  readonly repository: string;
  readonly tag: string;
}

/** By name, the images that builds of this app have used last. */
type Brought = ReadonlyMap<string, string>;

/** Has one image in the repository and returns its manifest's digest. */
async function bringImage(
  { kind, image }: { readonly kind: PulledKind; readonly image: string },
  from: BringCall & BuilderSources & { readonly before: Brought },
): Promise<string> {
  const { ours, repository, architecture, before, signal, tell } = from;
  const reference = parseShortReference(image);
  const { digest } = reference;
  if (digest && [...before.values()].includes(digest)) return digest;
  const pull = {
    ...{ to: intoRepository(ours, repository, []), architecture, limitBytes: PULLED_BYTES },
    onSize: ({ missing }: { readonly missing: number }) => {
      if (missing > 0) tell(pullingTold(kind, image, missing));
    },
  };
  try {
    const pulled = await withRegistryImage(reference, from, (origin) => pullImage(origin, pull));
    return pulled?.digest ?? missingImage(referenceText(reference));
  } catch (thrown) {
    signal.throwIfAborted();
    const kept = before.get(image);
    if (!kept || !(thrown instanceof RegistryRequestError) || !thrown.passing) throw thrown;
    tell(keptTold(kind, thrown));
    return kept;
  }
}

async function readFacts(
  name: string,
  digest: string,
  { ours, repository, signal }: BringCall,
): Promise<BuilderFacts> {
  const content = readRepository(ours, repository);
  const documents = await readImageDocuments(content, digest);
  // An image that cannot be a builder is not searched.
  readBuilderUser(name, documents.config);
  const factsIn = (found: ImageFiles) => readBuilderFacts(name, documents.config, filesIn(found, documents));
  const files = await readImageFiles(documents, content, {
    ...{ paths: FILES, limitBytes: SEARCHED_BYTES, signal },
    enough: (found) => {
      try {
        return factsIn(found) !== undefined;
      } catch {
        return false;
      }
    },
  });
  return factsIn(files);
}

function filesIn(found: ImageFiles, { config }: ImageDocuments) {
  const [order, run, stack, lifecycle] = FILES.map((path) => found.get(path));
  const labels = config.config.Labels ?? {};
  const isLabelled = "io.buildpacks.builder.metadata" in labels || "io.buildpacks.lifecycle.apis" in labels;
  return { order, run, stack, lifecycle, hasLifecycle: isLabelled || lifecycle !== undefined };
}

/** Whom the run image wants its programs to be; whom builds are where that is root, which no pod may be. */
async function readRunUser(
  { image, digest }: { readonly image: string; readonly digest: string },
  facts: BuilderFacts,
  { ours, repository, signal }: BringCall,
): Promise<PodBuilder["user"]> {
  const content = readRepository(ours, repository);
  const documents = await readImageDocuments(content, digest);
  const user = documents.config.config.User ?? "";
  const isNumbers = /^[0-9]+:[0-9]+$/.test(user);
  const paths = ["etc/passwd", "etc/group"];
  const files: ImageFiles =
    user === "" || isNumbers
      ? new Map()
      : await readImageFiles(documents, content, { paths, limitBytes: SEARCHED_BYTES, signal });
  try {
    const [passwd = "", group = ""] = paths.map((path) => files.get(path));
    const { uid, gid } = resolveImageUser(user, passwd, group);
    return uid === 0 ? facts.user : { uid, gid };
  } catch {
    throw invalidParams(
      `The run image ${image} runs as the user ${user}, whom its /etc/passwd does not have. Ask who made it.`,
    );
  }
}

/** What `noteBrought` has noted; nothing when that is gone or no note of ours. */
async function readBrought(client: RegistryClient, { repository, tag }: Noted): Promise<Brought> {
  const noted = await client.pullManifest(repository, tag);
  if (noted?.mediaType !== MEDIA.index) return new Map();
  return new Map(
    parseIndex(noted.bytes).manifests.flatMap(({ digest, annotations }) => {
      const name = annotations?.[NAME];
      return name === undefined ? [] : [[name, digest] as const];
    }),
  );
}

/** An index under a tag: it keeps the images from being collected, and tells them by their names. */
async function noteBrought(
  client: RegistryClient,
  { repository, tag }: Noted,
  images: readonly { readonly image: string; readonly digest: string }[],
): Promise<void> {
  const manifests = await Promise.all(
    images.map(async ({ image, digest }) => {
      const found = await client.pullManifest(repository, digest);
      if (!found || found.bytes.length > DOCUMENT_LIMIT) throw new Error(`the image ${image} is gone again`);
      const { mediaType, bytes } = found;
      return { mediaType, digest, size: bytes.length, annotations: { [NAME]: image } };
    }),
  );
  const bytes = Buffer.from(JSON.stringify(makeIndex(manifests)));
  await client.pushManifest(repository, tag, { mediaType: MEDIA.index, bytes });
}
