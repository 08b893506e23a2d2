import { once } from "node:events";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Pebble } from "./pebble-fixtures.ts";

/** An authority that begins no proof until it is let go. */
export interface HeldProofs {
  readonly directory: string;
  /** Resolves when somebody has asked for a proof. */
  readonly asked: Promise<void>;
  /** Resolves when who asked first has hung up. */
  readonly hungUp: Promise<void>;
  letGo(): void;
  stop(): Promise<void>;
}

/** Stands before an authority and passes on all it is asked, but for the calls that begin proofs: they are held. */
export async function holdProofs({ directory, tls }: Pebble): Promise<HeldProofs> {
  const [asked, hungUp, free] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const server = createServer(tls, async (incoming, answer) => {
    const body = await buffer(incoming);
    if (incoming.url?.startsWith("/chalZ/")) {
      asked.resolve();
      const closed = once(incoming.socket, "close").then(() => hungUp.resolve());
      await Promise.race([closed, free.promise]);
      if (incoming.socket.destroyed) return;
    }
    const { method = "GET", url: path = "", headers } = incoming;
    const { hostname, port } = new URL(directory);
    const call = request({ hostname, port, path, method, headers, ca: tls.ca, agent: false });
    call.on("error", () => answer.destroy());
    call.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    call.end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    directory: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`,
    asked: asked.promise,
    hungUp: hungUp.promise,
    letGo: free.resolve,
    stop: async () => {
      free.resolve();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
