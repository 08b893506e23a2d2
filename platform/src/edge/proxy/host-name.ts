import { isIP } from "node:net";

/** The name in a Host header as routes know it: lower case, without port and without the root's dot. */
export function hostName(host: string): string {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : withoutPort(host);
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** True for hosts that mean this machine and no app: `localhost`, an address, the apps' domain itself, or nothing. */
export function isOwnHost(name: string, domain: string): boolean {
  return name === "" || name === "localhost" || name === domain || isIP(name) !== 0;
}

function withoutPort(host: string): string {
  const colon = host.indexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}
