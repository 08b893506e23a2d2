import { networkInterfaces } from "node:os";

/** Where to listen: what the operator said, or loopback: 127.0.0.1, and ::1 where this machine has it. */
export function listenAddresses(
  configured: readonly string[] | undefined,
  interfaces: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): readonly string[] {
  if (configured && configured.length > 0) return configured;
  return addressesOf(interfaces).includes("::1") ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
}

/**
 * Names and addresses under which clients reach the API, for its certificate: loopback always, and beyond it this
 * machine's name and the addresses it listens on, a wildcard standing for all there are.
 */
export function certificateNames(
  configured: readonly string[] | undefined,
  hostName: string,
  interfaces: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): readonly string[] {
  const own = ["localhost", "127.0.0.1", "::1"];
  if (!configured || configured.every((address) => own.includes(address))) return own;
  const reached = configured.flatMap((address) =>
    address === "0.0.0.0" || address === "::" ? addressesOf(interfaces) : [address],
  );
  return [...new Set([...own, hostName.toLowerCase(), ...reached])];
}

/** Link-local addresses are left out: they are told apart by interface, which a certificate cannot name. */
function addressesOf(interfaces: () => ReturnType<typeof networkInterfaces>): readonly string[] {
  const all = Object.values(interfaces()).flatMap((addresses) => addresses ?? []);
  return all.map(({ address }) => address).filter((address) => !/^fe80:/i.test(address));
}
