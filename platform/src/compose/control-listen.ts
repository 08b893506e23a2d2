import { hostname } from "node:os";
import { openCertificateAuthority, openKeptCertificate } from "../edge/certificate/index.ts";
import { makeApiListener, type RawHandler } from "../http/index.ts";
import { type Running, systemClock } from "../kernel/index.ts";
import { makeLogStreamHandler } from "../observe/log/index.ts";
import { makeRendezvous } from "../runtime/one-off/index.ts";
import { openApi } from "./control-api.ts";
import { attachTargets } from "./control-attach.ts";
import type { ControlContext } from "./control-context.ts";
import type { ApiEngine } from "./control-engine.ts";
import { openGiven } from "./given-tls.ts";
import { certificateNames, listenAddresses } from "./listen-addresses.ts";
import { explainPort } from "./supervisor-ports.ts";

/** Opens the API's port, with logs and, before the API sees a request, the given handlers. */
export async function serveApi(
  context: ControlContext,
  engine: ApiEngine,
  raw: readonly RawHandler[],
  signal: AbortSignal,
): Promise<Running> {
  const { config, clock, logger, urlKey: key } = context;
  const { home } = config;
  const authority = openCertificateAuthority({
    caFile: home.caFile,
    keyFile: `${home.keys}/ca.key`,
    now: systemClock,
  });
  const given = openGiven(config, logger);
  const { domain, acme } = config;
  // The router asks for it, and has the port where it is proven.
  const issued = acme && openKeptCertificate({ folder: home.acme, host: domain, now: systemClock });
  const listener = makeApiListener({
    port: config.apiPort,
    addresses: listenAddresses(config.listen),
    certificateFor: (host) =>
      given?.certificateFor(host) ?? (host.toLowerCase() === domain ? issued?.() : undefined),
    tls: () => authority.issue(certificateNames(config.listen, hostname())),
    rendezvous: makeRendezvous({
      ...attachTargets(context, engine.host),
      key,
      clock,
      logger,
      logs: context.logs.sink,
    }),
    logger,
  });
  const logs = makeLogStreamHandler({ reader: context.logs.reader, clock, key, logger, signal });
  const api = await openApi(context, engine, listener, [...raw, logs]);
  await listener.listen().catch((thrown) => {
    throw portTrouble(thrown, config.apiPort);
  });
  return {
    stop: async () => {
      await listener.stop();
      await api.close();
    },
  };
}

/** The same failure in words that name the variable to change. */
function portTrouble(thrown: NodeJS.ErrnoException & { address?: string }, port: number): Error {
  if (!thrown.address || !thrown.code) return thrown;
  const wanted = { variable: "CONIFER_PORT", port };
  return new Error(explainPort(wanted, thrown.address, thrown.code), { cause: thrown });
}
