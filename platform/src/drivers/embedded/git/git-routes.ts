import type { GitRepositories } from "../../../delivery/source/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import { callPeer, type LocalPeer, type LocalRoutes } from "../local/index.ts";

type Moving = Pick<GitRepositories, "readRef" | "moveRef" | "remove">;

/**
 * Repositories for other Conifer processes:
 * - `GET /repositories/<app id>/ref?name=`: `{commit}`, without it when there is no such ref.
 * - `POST /repositories/<app id>/ref` with `{ref, from, to}`: the ref names the commit `to`.
 * - `DELETE /repositories/<app id>`.
 */
export function repositoryRoutes(repositories: Moving): LocalRoutes {
  return {
    handlers: {
      "GET /repositories/:appId/ref": async (call) => ({
        commit: await repositories.readRef(call.params.appId ?? "", call.query.get("name") ?? ""),
      }),
      "POST /repositories/:appId/ref": async (call) => {
        const { ref, from, to } = ((await call.json()) ?? {}) as Readonly<Record<string, unknown>>;
        const isFrom = from === undefined || typeof from === "string";
        if (typeof ref !== "string" || typeof to !== "string" || !isFrom)
          throw new BusinessError("bad_request", "a ref and commits are needed");
        await repositories.moveRef(call.params.appId ?? "", ref, { from, to });
      },
      "DELETE /repositories/:appId": (call) => repositories.remove(call.params.appId ?? ""),
    },
  };
}

/** Repositories that another process keeps. Throws PeerGone while it is away. */
export function makeRepositoryClient(peer: LocalPeer): Moving {
  const at = (appId: string) => `/repositories/${encodeURIComponent(appId)}`;
  return {
    readRef: async (appId, ref) => {
      const found = await callPeer(peer, `GET ${at(appId)}/ref?name=${encodeURIComponent(ref)}`);
      return (found as { readonly commit?: string }).commit;
    },
    moveRef: async (appId, ref, move) =>
      void (await callPeer(peer, `POST ${at(appId)}/ref`, { body: { ref, ...move } })),
    remove: async (appId) => void (await callPeer(peer, `DELETE ${at(appId)}`)),
  };
}
