import { lookup } from "node:dns/promises";
import { callPeer, type RemotePeer } from "../drivers/embedded/local/index.ts";
import type { RouterView } from "../drivers/kubernetes/routes/index.ts";
import type { Endpoint } from "../edge/route/index.ts";
import { errorText, type Logger, pause } from "../kernel/index.ts";
import { peerAt, systemNamespace } from "./cluster-peers.ts";
import type { Config } from "./config.ts";

const LOOK_MS = 20;

export interface RouterCalls {
  /** The routers there are now. */
  readonly peers: () => Promise<readonly RemotePeer[]>;
  /** How long a write waits for them. */
  readonly reachMs: number;
  /** After so long one is taken for silent, and not counted. */
  readonly answerMs: number;
}

/** What the installation's routers say, each asked by its address. */
export function viewRouters(
  config: Config,
  logger: Logger,
  { peers, reachMs, answerMs } = usualCalls(config),
): RouterView {
  const ask = async (route: string): Promise<readonly unknown[]> => {
    const known = await peers().catch((thrown) => {
      logger.debug("routers are not known", { error: errorText(thrown) });
      return [];
    });
    const signal = AbortSignal.timeout(answerMs);
    const answers = await Promise.allSettled(known.map((peer) => callPeer(peer, route, { signal })));
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  };
  return {
    reached: async (appId, version) => {
      const path = `GET /routes/${encodeURIComponent(appId)}/version`;
      const until = performance.now() + reachMs;
      while (performance.now() < until) {
        const answers = (await ask(path)) as readonly { readonly version: number }[];
        if (answers.every((answer) => answer.version >= version)) return;
        await pause(LOOK_MS);
      }
      logger.info("a route did not reach every router in time", { app: appId });
    },
    endpoints: async (appId) => {
      const answers = (await ask(`GET /endpoints/${encodeURIComponent(appId)}`)) as readonly {
        readonly endpoints: readonly Endpoint[] | null;
      }[];
      const told = answers.flatMap(({ endpoints }) => (endpoints ? [endpoints] : []));
      if (told.length === 0) return undefined;
      const all = told.flat();
      return all.filter(({ dynoId }, i) => all.findIndex((other) => other.dynoId === dynoId) === i);
    },
  };
}

function usualCalls(config: Config): RouterCalls {
  const name = `conifer-router.${systemNamespace(config)}.svc`;
  const peers = async () => (await addressesOf(name)).map((address) => peerAt(address, config));
  return { peers, reachMs: 5_000, answerMs: 2_000 };
}

/** One family is enough: each router listens on both. */
async function addressesOf(name: string): Promise<readonly string[]> {
  const all = await lookup(name, { all: true });
  const family = all.some(({ family: one }) => one === 4) ? 4 : 6;
  return all.filter((one) => one.family === family).map(({ address }) => address);
}
