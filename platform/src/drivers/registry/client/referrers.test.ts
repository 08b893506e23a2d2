import { describe, expect, it } from "vitest";
import { digestOf, MEDIA, makeIndex, parseIndex } from "../../../delivery/image/index.ts";
import { aboutOf, referrersIn, referrersTag, withReferrer } from "./referrers.ts";

const config = { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf("{}"), size: 2 };
const subject = { mediaType: MEDIA.manifest, digest: digestOf("subject"), size: 7 };
const document = (more: object) => ({
  mediaType: MEDIA.manifest,
  bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [], ...more })),
});
const referrer = (name: string, artifactType = "application/x") => ({
  ...{ mediaType: MEDIA.manifest, digest: digestOf(name), size: 1, artifactType },
});

describe("what a manifest is about", () => {
  it("is nothing but itself, mostly", () => {
    expect(aboutOf(document({}), digestOf("a"))).toBeUndefined();
    expect(aboutOf(document({ subject: { digest: "odd" } }), digestOf("a"))).toBeUndefined();
  });

  it("is listed with its type and annotations", () => {
    const named = document({ subject, artifactType: "application/spdx+json", annotations: { a: "b" } });
    expect(aboutOf(named, digestOf("a"))).toEqual({
      subject: subject.digest,
      descriptor: {
        ...{ mediaType: MEDIA.manifest, digest: digestOf("a"), size: named.bytes.length },
        ...{ artifactType: "application/spdx+json", annotations: { a: "b" } },
      },
    });
    const type = aboutOf(document({ subject }), digestOf("a"))?.descriptor.artifactType;
    expect(type).toBe(config.mediaType);
  });
});

describe("a list of referrers", () => {
  it("stands under a tag of the subject's digest", () => {
    expect(referrersTag(subject.digest)).toBe(`sha256-${subject.digest.slice(7)}`);
  });

  it("grows by one, once", () => {
    const one = withReferrer(undefined, referrer("one"));
    const two = withReferrer(one, referrer("two"));
    expect(parseIndex(two)).toEqual(makeIndex([referrer("one"), referrer("two")]));
    expect(withReferrer(two, referrer("one"))).toBe(two);
  });

  it("shows all, or those of a type", () => {
    const list = withReferrer(withReferrer(undefined, referrer("one")), referrer("two", "application/y"));
    expect(referrersIn(list)).toHaveLength(2);
    expect(referrersIn(list, "application/y")).toEqual([referrer("two", "application/y")]);
  });

  it("is refused when it is none", () => {
    expect(() => withReferrer(Buffer.from("[]"), referrer("one"))).toThrow("not a JSON object");
  });
});
