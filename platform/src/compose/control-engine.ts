import { makeAdmission } from "../delivery/attestation/index.ts";
import type { AttestBuild, Builder } from "../delivery/build/index.ts";
import type { ImageCollection, ImageStore } from "../delivery/image/index.ts";
import type { MakeRebasedDependencies } from "../delivery/rebase/index.ts";
import { findPushedImage } from "../delivery/registry/index.ts";
import type { PushedImages } from "../delivery/release/index.ts";
import {
  cutSource,
  fetchSource,
  type GitRepositories,
  makeUploads,
  type SourceStore,
} from "../delivery/source/index.ts";
import { makeGitRepositories, prepareGitFolder, startGitTransport } from "../drivers/embedded/git/index.ts";
import {
  openDiskArtifacts,
  openDiskImageStore,
  openDiskRebasedImages,
  openDiskRepositories,
} from "../drivers/embedded/images/index.ts";
import { openFileArchiveStore, openFileSourceStore } from "../drivers/embedded/sources/index.ts";
import { makeRequireRoom } from "../drivers/files/room/index.ts";
import type { RouteTable } from "../edge/route/index.ts";
import { openStreamUrl, signStreamUrl } from "../http/index.ts";
import { admittingHost, type DynoHost, type DynoWatch, startDynoWatch } from "../runtime/dyno/index.ts";
import { defaultSize, limitsOf, requireDynoSize } from "../runtime/formation/index.ts";
import type { OneOffDependencies } from "../runtime/one-off/index.ts";
import { makeAttest, makeAttestRebase } from "./control-attestation.ts";
import type { ControlContext } from "./control-context.ts";

/** The ports whose other side is another process. */
export interface ControlPorts {
  readonly host: DynoHost;
  readonly builder: Builder;
  readonly routes: RouteTable;
  readonly collection: ImageCollection;
}

/** What the handlers of the API's routes use of an engine. */
export interface ApiEngine {
  readonly host: DynoHost;
  readonly watch: DynoWatch;
  readonly oneOffs: OneOffDependencies;
  readonly builder: Pick<Builder, "cancel" | "clearCache">;
  readonly images: Pick<ImageStore, "read">;
  readonly pushed: PushedImages;
  readonly uploads: Pick<Uploads, "create">;
}

/** What the workers use of an engine. */
export interface WorkerEngine {
  readonly host: DynoHost;
  readonly watch: DynoWatch;
  readonly oneOffs: OneOffDependencies;
  readonly builder: Builder;
  readonly routes: RouteTable;
  readonly collection: ImageCollection;
  readonly repositories: Pick<GitRepositories, "readRef" | "moveRef" | "remove">;
  readonly sources: Pick<SourceStore, "collect">;
  readonly fetchSource: FetchSource;
  readonly cutSource: CutSource;
  readonly attest: AttestBuild;
  readonly rebases: MakeRebasedDependencies;
}

type Uploads = ReturnType<typeof makeUploads>;

/** Gets what a URL names into the source store. */
export type FetchSource = (
  url: string,
  checksum: string | null,
  signal: AbortSignal,
) => ReturnType<typeof fetchSource>;

/** Stores a folder of a stored source as a source of its own. */
export type CutSource = (digest: string, folder: string) => ReturnType<typeof cutSource>;

/** An app's dynos were seen to change, or are looked at anew because the engine has come back. */
export type DynoListener = (appId: string, why: "changed" | "returned") => void;

/** Opens the ports' drivers; `onDynoChange` is told of every app whose dynos are seen to change. */
export async function openControlEngine(
  context: ControlContext,
  { host, builder, routes, collection }: ControlPorts,
  onDynoChange: DynoListener,
) {
  const { home, registry } = context.config;
  const images = await openDiskImageStore(home.images);
  const files = await openControlFiles(context);
  const records = openDiskRepositories(home.repositories);
  const artifacts = openDiskArtifacts({ content: images, ...(registry ? { records } : {}) });
  return {
    ...openDynoSide(context, host, onDynoChange),
    builder,
    routes,
    collection,
    images,
    attest: makeAttest(context, { images, sources: files.sources, artifacts }),
    rebases: {
      images,
      rebased: openDiskRebasedImages({ content: images, ...(registry ? { records } : {}) }),
      attest: makeAttestRebase(context, { images, artifacts }),
    },
    pushed: { find: (image) => findPushedImage({ content: images, records }, image) } satisfies PushedImages,
    ...files,
  };
}

/** What is known and asked of dynos. Where the operator says so, only images that this installation signed are started. */
export function openDynoSide(context: ControlContext, given: DynoHost, onDynoChange: DynoListener) {
  const { config, db, clock, logs } = context;
  const watch = startDynoWatch({
    ...{ host: given, logger: context.logger },
    onChange: (appId) => onDynoChange(appId, "changed"),
    onReturn: (appId) => onDynoChange(appId, "returned"),
  });
  const runs = (dynoId: string) => watch.find(dynoId) !== undefined;
  const admission = { admit: makeAdmission(db), runs, clock, logs: logs.sink };
  const host = config.signedImages ? admittingHost(given, admission) : given;
  const oneOffs: OneOffDependencies = { ...context, host, sizeOf };
  return { host, watch, oneOffs };
}

/** What lies on this machine's disk: repositories, uploads and sources. */
export type ControlFiles = Awaited<ReturnType<typeof openControlFiles>>;

export async function openControlFiles(context: ControlContext) {
  const { logger } = context;
  const { home } = context.config;
  const settings = await prepareGitFolder({
    folder: home.git,
    nodePath: process.execPath,
    path: process.env.PATH ?? "/usr/bin:/bin",
  });
  const sources = await openFileSourceStore({ folder: home.sources });
  const archives = await openFileArchiveStore({ folder: `${home.sources}/uploads` });
  const requireRoom = makeRequireRoom(home.sources);
  const uploads = makeUploads({
    archives,
    sign: (url) => signStreamUrl({ ...url, key: context.urlKey }),
    open: (url, now) => openStreamUrl(url, now, context.urlKey),
    now: context.clock,
    newId: context.newId,
    logger,
    requireRoom,
  });
  const fetch: FetchSource = async (url, checksum, signal) => {
    await requireRoom();
    const deps = { archives, sources, ownUpload: uploads.ownUpload, newId: context.newId };
    return await fetchSource({ url, checksum }, deps, signal);
  };
  return {
    sources,
    uploads,
    requireRoom,
    repositories: makeGitRepositories(settings),
    git: await startGitTransport({ settings, socketPath: `${home.run}/push.sock`, logger }),
    fetchSource: fetch,
    cutSource: (digest: string, folder: string) => cutSource(digest, folder, sources),
  };
}

function sizeOf(identity: string | undefined) {
  const size = requireDynoSize(identity ?? defaultSize.cedar);
  return { name: size.name, limits: limitsOf(size) };
}
