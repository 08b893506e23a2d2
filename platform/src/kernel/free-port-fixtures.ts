import { once } from "node:events";
import { createServer } from "node:net";

/** Below 32,768 no kernel gives ports to outgoing connections, which could take this one before it is used. */
const [LOWEST, COUNT] = [20_000, 12_000];

/** A TCP port on which nothing listens on 127.0.0.1. Any, so that tests that run at the same time hardly meet. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await once(server.close(), "close");
    return port;
  }
}
