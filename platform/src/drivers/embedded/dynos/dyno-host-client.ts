import { Duplex } from "node:stream";
import { type DynoHost, type DynoNews, makeMarkerGuard } from "../../../runtime/dyno/index.ts";
import { callPeer, type LocalPeer, PeerGone, staleClaimOf, streamPeer, upgradePeer } from "../local/index.ts";
import { type ApplyBody, dynoRoute, type RunBody } from "./dyno-routes.ts";

/** The dyno host of another process. Every call throws PeerGone while that process is away. */
export function makeDynoHostClient(peer: LocalPeer): DynoHost {
  return {
    apply: async ({ appId, dynos }, claim) => {
      const body: ApplyBody = { dynos, claim };
      await callPeer(peer, dynoRoute.apply(appId), { body }).catch((thrown) => {
        throw staleClaimOf(thrown, claim) ?? thrown;
      });
    },
    restart: async (dynoId) => void (await callPeer(peer, dynoRoute.restart(dynoId))),
    run: async (spec, options) => {
      const body: RunBody = { spec, options };
      await callPeer(peer, dynoRoute.run(spec.id), { body });
    },
    attach: async (dynoId) => guarded(await upgradePeer(peer, dynoRoute.attach(dynoId))),
    runInside: async (dynoId, command) =>
      guarded(await upgradePeer(peer, dynoRoute.runInside(dynoId), { body: command })),
    stop: async (dynoId) => void (await callPeer(peer, dynoRoute.stop(dynoId))),
    watch: (signal) => watch(peer, signal),
  };
}

async function* watch(peer: LocalPeer, signal: AbortSignal): AsyncGenerator<DynoNews> {
  for await (const news of streamPeer(peer, dynoRoute.watch, { signal })) yield news as DynoNews;
  if (!signal.aborted) throw new PeerGone("the dyno host went away");
}

/** The connection as a stream whose output keeps the marker line in one piece, however the socket cut it. */
function guarded(socket: Duplex): Duplex {
  const guard = makeMarkerGuard();
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    let flows = true;
    for (const piece of guard.push(chunk)) flows = stream.push(piece);
    if (!flows) socket.pause();
  });
  socket.on("end", () => {
    for (const piece of guard.flush()) stream.push(piece);
    stream.push(null);
  });
  socket.on("error", (cause) => stream.destroy(new PeerGone("the dyno host went away", { cause })));
  socket.on("close", () => {
    if (!stream.readableEnded && !socket.readableEnded)
      stream.destroy(new PeerGone("the dyno host went away"));
  });
  return stream;
}
