import type { OutputStore, Turn } from "../../../delivery/output/index.ts";
import { callPeer, type LocalPeer, staleClaimOf, streamPeer } from "../local/index.ts";

/** Outputs that another process keeps. Throws PeerGone while it is away: what writes them tries again. */
export function makeOutputClient(peer: LocalPeer): OutputStore {
  const at = (id: string) => `/outputs/${encodeURIComponent(id)}`;
  const write = async (id: string, route: string, body: { readonly text?: string; readonly turn: Turn }) => {
    try {
      await callPeer(peer, route, { body });
    } catch (thrown) {
      throw staleClaimOf(thrown, { subject: `output ${id}`, number: body.turn ?? 0 }) ?? thrown;
    }
  };
  return {
    begin: (id, turn) => write(id, `POST ${at(id)}/begin`, { turn }),
    append: (id, text, turn) => write(id, `POST ${at(id)}`, { text, turn }),
    end: (id, turn) => write(id, `POST ${at(id)}/end`, { turn }),
    read: async function* (id, signal) {
      for await (const text of streamPeer(peer, `GET ${at(id)}`, { signal })) yield String(text);
    },
    remove: async (id) => void (await callPeer(peer, `DELETE ${at(id)}`)),
  };
}
