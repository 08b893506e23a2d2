import type { GitRepositories } from "../../../delivery/source/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import { callPeer, type LocalPeer, type LocalRoutes } from "../local/index.ts";

type Moving = Pick<GitRepositories, "moveRef" | "remove">;

/**
 * Repositories for other Conifer processes:
 * - `POST /repositories/<app id>/ref` with `{ref, commit}`: the ref names the commit.
 * - `DELETE /repositories/<app id>`.
 */
export function repositoryRoutes(repositories: Moving): LocalRoutes {
  return {
    handlers: {
      "POST /repositories/:appId/ref": async (call) => {
        const { ref, commit } = ((await call.json()) ?? {}) as { ref?: unknown; commit?: unknown };
        if (typeof ref !== "string" || typeof commit !== "string")
          throw new BusinessError("bad_request", "a ref and a commit are needed");
        await repositories.moveRef(call.params.appId ?? "", ref, commit);
      },
      "DELETE /repositories/:appId": (call) => repositories.remove(call.params.appId ?? ""),
    },
  };
}

/** Repositories that another process keeps. Throws PeerGone while it is away. */
export function makeRepositoryClient(peer: LocalPeer): Moving {
  const at = (appId: string) => `/repositories/${encodeURIComponent(appId)}`;
  return {
    moveRef: async (appId, ref, commit) =>
      void (await callPeer(peer, `POST ${at(appId)}/ref`, { body: { ref, commit } })),
    remove: async (appId) => void (await callPeer(peer, `DELETE ${at(appId)}`)),
  };
}
