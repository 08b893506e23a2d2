import type { Builder, BuildSpec } from "../../../delivery/build/index.ts";
import type { LocalRoutes } from "../local/index.ts";

/** Serves a builder to other processes of this machine; `makeBuilderClient` is the other end. */
export function builderRoutes(builder: Builder): LocalRoutes {
  return {
    handlers: {
      "POST /builds": async (call) => builder.build((await call.json()) as BuildSpec, call.signal),
      "DELETE /builds/:id": async ({ params }) => builder.cancel(params.id ?? ""),
      "DELETE /build-caches/:appId": async ({ params }) => builder.clearCache(params.appId ?? ""),
    },
  };
}
