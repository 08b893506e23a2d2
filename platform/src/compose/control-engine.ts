import type { Builder } from "../delivery/build/index.ts";
import { fetchSource, makeUploads } from "../delivery/source/index.ts";
import { makeGitRepositories, prepareGitFolder, startGitTransport } from "../drivers/embedded/git/index.ts";
import { openDiskImageStore } from "../drivers/embedded/images/index.ts";
import { openFileArchiveStore, openFileSourceStore } from "../drivers/embedded/sources/index.ts";
import type { RouteTable } from "../edge/route/index.ts";
import { openStreamUrl, signStreamUrl } from "../http/index.ts";
import { type DynoHost, startDynoWatch } from "../runtime/dyno/index.ts";
import { defaultSize, limitsOf, requireDynoSize } from "../runtime/formation/index.ts";
import type { OneOffDependencies } from "../runtime/one-off/index.ts";
import type { ControlContext } from "./control-context.ts";

/** The ports whose other side is another process. */
export interface ControlPorts {
  readonly host: DynoHost;
  readonly builder: Builder;
  readonly routes: RouteTable;
}

/** What the embedded engine supplies to the control process. */
export type ControlEngine = Awaited<ReturnType<typeof openControlEngine>>;

/** Opens the ports' drivers; `onDynoChange` is told of every app whose dynos are seen to change. */
export async function openControlEngine(
  context: ControlContext,
  { host, builder, routes }: ControlPorts,
  onDynoChange: (appId: string) => void,
) {
  const { config, logger } = context;
  const { home } = config;
  const settings = await prepareGitFolder({
    folder: home.git,
    nodePath: process.execPath,
    path: process.env.PATH ?? "/usr/bin:/bin",
  });
  const sources = await openFileSourceStore({ folder: home.sources });
  const archives = await openFileArchiveStore({ folder: `${home.sources}/uploads` });
  const uploads = makeUploads({
    archives,
    sign: (url) => signStreamUrl({ ...url, key: context.urlKey }),
    open: (url, now) => openStreamUrl(url, now, context.urlKey),
    now: context.clock,
    newId: context.newId,
    logger,
  });
  const watch = startDynoWatch({ host, logger, onChange: onDynoChange });
  const oneOffs: OneOffDependencies = { ...context, host, sizeOf };
  return {
    host,
    watch,
    oneOffs,
    sources,
    uploads,
    builder,
    images: await openDiskImageStore(home.images),
    routes,
    repositories: makeGitRepositories(settings),
    git: await startGitTransport({ settings, socketPath: `${home.run}/push.sock`, logger }),
    fetchSource: async (url: string, checksum: string | null, signal: AbortSignal) => {
      const deps = { archives, sources, ownUpload: uploads.ownUpload, newId: context.newId };
      return await fetchSource({ url, checksum }, deps, signal);
    },
  };
}

function sizeOf(identity: string | undefined) {
  const size = requireDynoSize(identity ?? defaultSize.cedar);
  return { name: size.name, limits: limitsOf(size) };
}
