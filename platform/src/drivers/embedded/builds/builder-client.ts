import type { Builder, BuildNews } from "../../../delivery/build/index.ts";
import { callPeer, type LocalPeer, PeerGone, streamPeer } from "../local/index.ts";

/** The builder of another process of this machine. When that process goes away, its builds end as `lost`. */
export function makeBuilderClient(peer: LocalPeer): Builder {
  return {
    async *build(spec, signal) {
      let ended = false;
      try {
        for await (const news of streamPeer(peer, "POST /builds", { body: spec, signal })) {
          ended ||= (news as BuildNews).kind === "result";
          yield news as BuildNews;
        }
      } catch (thrown) {
        if (!(thrown instanceof PeerGone)) throw thrown;
      }
      if (ended || signal.aborted) return;
      yield { kind: "result", result: { kind: "lost", message: "The build engine went away." } };
    },
    async cancel(buildId) {
      await callPeer(peer, `DELETE /builds/${encodeURIComponent(buildId)}`);
    },
    async clearCache(appId) {
      await callPeer(peer, `DELETE /build-caches/${encodeURIComponent(appId)}`);
    },
  };
}
