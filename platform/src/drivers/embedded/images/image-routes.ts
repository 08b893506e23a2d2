import type { Readable } from "node:stream";
import type { ImageCollection, ImageStore } from "../../../delivery/image/index.ts";
import type { PushedImages } from "../../../delivery/release/index.ts";
import { callPeer, type LocalPeer, type LocalRoutes, readPeer } from "../local/index.ts";

/** Images for other Conifer processes: `GET /images/<digest>`, the bytes of a blob or a manifest. */
export function imageRoutes(images: Pick<ImageStore, "read">): LocalRoutes {
  return { handlers: { "GET /images/:digest": (call) => images.read(call.params.digest ?? "") } };
}

/** Reads images that another process keeps. Throws PeerGone while it is away. */
export function makeImageClient(peer: LocalPeer): Pick<ImageStore, "read"> {
  return {
    read: (digest: string): Promise<Readable> => readPeer(peer, `GET /images/${encodeURIComponent(digest)}`),
  };
}

/** Which images were pushed, for other Conifer processes; `makePushedClient` is the other end. */
export function pushedRoutes(find: PushedImages["find"]): LocalRoutes {
  return {
    handlers: {
      "GET /apps/:appId/pushed-images/:type/:id": async ({ params }) => {
        const { appId = "", type = "", id = "" } = params;
        return { digest: (await find({ appId, type, id })) ?? null };
      },
    },
  };
}

/** Asks another process which images were pushed. Throws PeerGone while it is away. */
export function makePushedClient(peer: LocalPeer): PushedImages {
  return {
    async find({ appId, type, id }) {
      const names = [appId, "pushed-images", type, id].map(encodeURIComponent).join("/");
      const answer = await callPeer(peer, `GET /apps/${names}`);
      return (answer as { readonly digest: string | null }).digest ?? undefined;
    },
  };
}

/** Serves what collects images to whoever knows which ones are needed; `makeCollectionClient` is the other end. */
export function collectionRoutes(collection: ImageCollection): LocalRoutes {
  return {
    handlers: {
      "POST /image-collections": async (call) => {
        const { known } = (await call.json()) as { readonly known: readonly string[] };
        return { begun: await collection.collect(known) };
      },
      "DELETE /apps/:appId/images": async ({ params }) => collection.forget(params.appId ?? ""),
    },
  };
}

/** Has another process collect images. Throws PeerGone while it is away. */
export function makeCollectionClient(peer: LocalPeer): ImageCollection {
  return {
    async collect(known) {
      const answer = await callPeer(peer, "POST /image-collections", { body: { known } });
      return (answer as { readonly begun: boolean }).begun;
    },
    async forget(appId) {
      await callPeer(peer, `DELETE /apps/${encodeURIComponent(appId)}/images`);
    },
  };
}
