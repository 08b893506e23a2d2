import type { AppRoute, Endpoint } from "./route.ts";

/** A route for tests: an app that is released and wants one web dyno, unless told otherwise. */
export function appRoute(name: string, parts: Partial<AppRoute> = {}): AppRoute {
  return {
    appId: `id-of-${name}`,
    appName: name,
    hosts: [`${name}.localhost`],
    maintenance: false,
    released: true,
    webQuantity: 1,
    ...parts,
  };
}

/** An endpoint for tests: up at the port when one is given, else starting. */
export function endpoint(name: string, parts: Partial<Endpoint> & { readonly port?: number } = {}): Endpoint {
  const { port, ...rest } = parts;
  const dynoId = `id-of-${name}`;
  if (port === undefined) return { dynoId, name, state: "starting", ...rest };
  return { dynoId, name, state: "up", address: { host: "127.0.0.1", port }, ...rest };
}
