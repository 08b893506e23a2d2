import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What the kubelet asks of a role. */
export interface RoleProbes {
  readonly port: number;
  /** From now on the role is ready. */
  enter(): void;
  /** From now on it gets no new work. */
  leave(): void;
  stop(): Promise<void>;
}

/**
 * Answers `GET /livez` as long as the process turns, and `GET /readyz` while the role serves, on every address. It tells
 * nothing else and needs no credential. The process may end with it open.
 */
export async function startProbes(port: number): Promise<RoleProbes> {
  let ready = false;
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url?.split("?")[0];
    const [status, text] =
      path === "/livez"
        ? [200, "ok"]
        : path !== "/readyz"
          ? [404, "unknown"]
          : ready
            ? [200, "ok"]
            : [503, "not ready"];
    response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    enter: () => {
      ready = true;
    },
    leave: () => {
      ready = false;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
