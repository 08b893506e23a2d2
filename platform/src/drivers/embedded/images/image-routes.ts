import type { Readable } from "node:stream";
import type { ImageStore } from "../../../delivery/image/index.ts";
import { type LocalPeer, type LocalRoutes, readPeer } from "../local/index.ts";

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
