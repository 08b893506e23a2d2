import { BlockList, isIP, isIPv4 } from "node:net";

/** IPv4 that is not of the public internet (IANA IPv4 Special-Purpose Address Registry, RFC 6890; multicast, RFC 5771). */
const NOT_PUBLIC_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** Inside the global unicast space of IPv6 (2000::/3), what is not public: protocol assignments with Teredo, examples, 6to4. */
const NOT_PUBLIC_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
const GLOBAL_6 = ["2000::/3"];

const notPublic4 = listOf(NOT_PUBLIC_4, "ipv4");
const notPublic6 = listOf(NOT_PUBLIC_6, "ipv6");
const global6 = listOf(GLOBAL_6, "ipv6");

/**
 * True when an address is one of the public internet. Loopback, link-local, private, shared, reserved and multicast
 * addresses are not; nor are IPv6 forms that hold such an IPv4 address (mapped, RFC 4291; NAT64, RFC 6052).
 * Whatever is not an address in its usual form is not public either.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !notPublic4.check(address, "ipv4");
  if (isIP(address) !== 6 || address.includes("%")) return false;
  const embedded = embeddedIPv4(address);
  if (embedded !== undefined) return isPublicAddress(embedded);
  return global6.check(address, "ipv6") && !notPublic6.check(address, "ipv6");
}

/** The IPv4 address inside `::ffff:a.b.c.d` or `64:ff9b::a.b.c.d`, however either is written. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const lead = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(":");
  if (lead !== "0:0:0:0:0:ffff" && lead !== "64:ff9b:0:0:0:0") return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/** The eight groups of an IPv6 address. The URL parser writes every form in hexadecimal, with `::` at most once. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function listOf(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = "", prefix] = range.split("/");
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}
