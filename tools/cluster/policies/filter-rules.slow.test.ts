import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AllowedFlow, Isolation } from "./allowed-flows.ts";
import { filterRules, TABLE } from "./filter-rules.ts";
import { seenPod } from "./policy-fixtures.ts";

/** The kernel's own opinion of the rules, in a network of their own. */

function onKernel(script: string, input: string): string {
  const { status, stdout, stderr } = spawnSync("unshare", ["--net", "sh", "-ec", script], {
    input,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

const v4 = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.0.${a}.${b}`);
const v6 = fc.nat(0xffff).map((number) => `fd00::${number.toString(16)}`);
const address = fc.oneof(v4, v6);
const peers: fc.Arbitrary<AllowedFlow["peers"]> = fc.oneof(
  fc.constant({ kind: "anyone" } as const),
  fc.array(address, { maxLength: 5 }).map((addresses) => ({ kind: "addresses", addresses }) as const),
  fc
    .tuple(
      fc.constantFrom("0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/9"),
      fc.array(fc.tuple(v4, fc.nat(32)), { maxLength: 4 }),
    )
    .map(
      ([cidr, holes]) =>
        ({ kind: "block", cidr, except: holes.map(([one, bits]) => `${one}/${bits}`) }) as const,
    ),
  fc
    .tuple(fc.constantFrom("::/0", "fd00::/8"), fc.array(fc.tuple(v6, fc.nat(128)), { maxLength: 4 }))
    .map(
      ([cidr, holes]) =>
        ({ kind: "block", cidr, except: holes.map(([one, bits]) => `${one}/${bits}`) }) as const,
    ),
);
const ports: fc.Arbitrary<AllowedFlow["ports"]> = fc.oneof(
  fc.constant("all" as const),
  fc.array(
    fc
      .tuple(fc.constantFrom("TCP", "UDP", "SCTP"), fc.nat(65_535), fc.nat(65_535))
      .map(([protocol, one, other]) => ({
        protocol,
        first: Math.min(one, other),
        last: Math.max(one, other),
      })),
    { maxLength: 3 },
  ),
);
const isolation: fc.Arbitrary<Isolation> = fc.oneof(
  fc.constant("open" as const),
  fc.array(fc.record({ peers, ports }), { maxLength: 4 }),
);
const fences = fc.uniqueArray(
  fc.record({
    pod: fc.tuple(v4, v6).map((addresses) => seenPod("a", { addresses })),
    ingress: isolation,
    egress: isolation,
  }),
  { maxLength: 6, selector: ({ pod }) => pod.addresses.join() },
);

test("whatever the policies say, the kernel takes the rules", () => {
  fc.assert(
    fc.property(fences, (given) => void onKernel("nft -f -", filterRules("pods0", given))),
    { numRuns: 60 },
  );
});

test("rules take the place of those before", () => {
  const fence = { pod: seenPod("a", { addresses: ["10.0.0.1"] }), ingress: [], egress: "open" as const };
  const both = `${filterRules("pods0", [fence])}${filterRules("pods0", [])}`;
  const listed = onKernel(`nft -f - && nft list table inet ${TABLE}`, both);
  expect(listed).not.toContain("10.0.0.1");
  expect(listed.match(/hook forward/g)).toHaveLength(1);
});
