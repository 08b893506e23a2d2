import { networkInterfaces } from "node:os";

/** Where to listen: what the operator said, or loopback: 127.0.0.1, and ::1 where this machine has it. */
export function listenAddresses(
  configured: readonly string[] | undefined,
  interfaces: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): readonly string[] {
  if (configured && configured.length > 0) return configured;
  const own = Object.values(interfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === "::1") ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
}
