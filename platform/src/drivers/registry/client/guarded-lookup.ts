import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { AddressRefused } from "./registry-request-error.ts";

type Resolve = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

const bySystem: Resolve = (host, done) => lookup(host, { all: true, verbatim: true }, done);

/**
 * Resolves names for connections, and hands on none of a name's addresses when one of them may not be called: what was
 * judged is what is connected to.
 */
export function guardedLookup(
  isAllowed: (address: string) => boolean,
  resolve: Resolve = bySystem,
): LookupFunction {
  return (host, options, done) => {
    resolve(host, (error, addresses) => {
      const first = addresses?.[0];
      if (error || !first) return done(error ?? new Error(`${host} has no address`), "");
      if (!addresses.every(({ address }) => isAllowed(address))) return done(new AddressRefused(host), "");
      if (options.all) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
  };
}
