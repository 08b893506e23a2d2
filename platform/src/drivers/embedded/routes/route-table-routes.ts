import type { AppRoute, RouteTable } from "../../../edge/route/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import type { LocalRoutes } from "../local/index.ts";

/**
 * The router's table for other Conifer processes:
 * - `PUT /routes`: `{version, routes}`, all the routes there are.
 * - `PUT /routes/<app id>`: `{version, route}`.
 * - `DELETE /routes/<app id>?version=<n>`.
 * Each answers when requests that arrive from then on see the change and the change is on disk.
 * - `GET /endpoints/<app id>`: `{endpoints}`, where such requests may be sent; null while nobody can tell.
 */
export function routeTableRoutes(table: RouteTable): LocalRoutes {
  return {
    handlers: {
      "PUT /routes": async (call) => {
        const { version, routes } = fieldsOf(await call.json());
        if (!Array.isArray(routes)) throw bad("routes must be a list");
        await table.replace(versionOf(version), routes.map(routeOf));
      },
      "PUT /routes/:appId": async (call) => {
        const { version, route } = fieldsOf(await call.json());
        const checked = routeOf(route);
        if (checked.appId !== call.params.appId) throw bad("the route is another app's");
        await table.put(versionOf(version), checked);
      },
      "DELETE /routes/:appId": async (call) => {
        await table.remove(versionOf(Number(call.query.get("version") ?? "none")), call.params.appId ?? "");
      },
      "GET /endpoints/:appId": async (call) => ({
        endpoints: (await table.endpoints(call.params.appId ?? "")) ?? null,
      }),
    },
  };
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null) throw bad("a body is needed");
  return body as Record<string, unknown>;
}

function versionOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw bad("version must be a whole number");
  return value;
}

function routeOf(value: unknown): AppRoute {
  const { appId, appName, hosts, maintenance, released, webQuantity } = fieldsOf(value);
  const ok =
    typeof appId === "string" &&
    typeof appName === "string" &&
    Array.isArray(hosts) &&
    hosts.every((host) => typeof host === "string") &&
    typeof maintenance === "boolean" &&
    typeof released === "boolean" &&
    typeof webQuantity === "number";
  if (!ok) throw bad("a route needs appId, appName, hosts, maintenance, released and webQuantity");
  return { appId, appName, hosts, maintenance, released, webQuantity };
}

function bad(message: string): BusinessError {
  return new BusinessError("bad_request", message);
}
