import { createServer } from "node:net";
import type { Config } from "./config.ts";
import { listenAddresses } from "./listen-addresses.ts";

export interface WantedPort {
  /** The variable that sets it. */
  readonly variable: string;
  readonly port: number;
  /** Where it is opened, when not where the others are, and the variable that sets it. */
  readonly addresses?: readonly string[];
  readonly addressVariable?: string;
}

export function wantedPorts(config: Config): readonly WantedPort[] {
  return [
    { variable: "CONIFER_PORT", port: config.apiPort },
    { variable: "CONIFER_ROUTER_PORT", port: config.routerPort },
    { variable: "CONIFER_ROUTER_TLS_PORT", port: config.routerTlsPort },
    ...(config.registry ? [registryPort(config)] : []),
  ];
}

export function registryPort({ registryPort: port, registryListen }: Config): WantedPort {
  const own = registryListen && {
    addresses: listenAddresses(registryListen),
    addressVariable: "CONIFER_REGISTRY_LISTEN",
  };
  return { variable: "CONIFER_REGISTRY_PORT", port, ...own };
}

/** Throws one error that names every port which cannot be had, with its variable. Nothing stays open. */
export async function checkPorts(ports: readonly WantedPort[], addresses: readonly string[]): Promise<void> {
  const mistakes = samePorts(ports);
  for (const wanted of ports) {
    for (const address of wanted.addresses ?? addresses) {
      const code = await tryListen(wanted.port, address);
      if (code) mistakes.push(explainPort(wanted, address, code));
    }
  }
  if (mistakes.length > 0) {
    throw new Error(`Conifer cannot start:\n${mistakes.map((mistake) => `  - ${mistake}`).join("\n")}`);
  }
}

function samePorts(ports: readonly WantedPort[]): string[] {
  return ports.flatMap(({ variable, port }, i) =>
    ports
      .slice(i + 1)
      .filter((other) => other.port === port)
      .map((other) => `${variable} and ${other.variable} are both ${port}. Give each a port of its own.`),
  );
}

/** Why a port cannot be had on an address, from the system's error code, and which variable to change. */
export function explainPort(wanted: WantedPort, address: string, code: string): string {
  const { variable, port, addressVariable = "CONIFER_LISTEN" } = wanted;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${address} is taken by another program. Stop it, or set ${variable} to a free port.`;
    case "EACCES":
      return `Port ${port} on ${address} may not be opened by this user. Set ${variable} to a port above 1023.`;
    case "EADDRNOTAVAIL":
      return `This machine has no address ${address}. Correct ${addressVariable}.`;
    default:
      return `Port ${port} on ${address} cannot be opened (${code}). Set ${variable} or ${addressVariable} to another.`;
  }
}

function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (thrown: NodeJS.ErrnoException) => resolve(thrown.code ?? thrown.message));
    server.listen({ port, host, ipv6Only: host.includes(":"), exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}
