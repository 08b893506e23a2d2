import type { OutputStore } from "../../../delivery/output/index.ts";
import { callPeer, type LocalPeer, streamPeer } from "../local/index.ts";

/** Outputs that another process keeps. Throws PeerGone while it is away: what writes them tries again. */
export function makeOutputClient(peer: LocalPeer): OutputStore {
  const at = (id: string) => `/outputs/${encodeURIComponent(id)}`;
  return {
    begin: async (id) => void (await callPeer(peer, `POST ${at(id)}/begin`)),
    append: async (id, text) => void (await callPeer(peer, `POST ${at(id)}`, { body: { text } })),
    end: async (id) => void (await callPeer(peer, `POST ${at(id)}/end`)),
    read: async function* (id, signal) {
      for await (const text of streamPeer(peer, `GET ${at(id)}`, { signal })) yield String(text);
    },
    remove: async (id) => void (await callPeer(peer, `DELETE ${at(id)}`)),
  };
}
