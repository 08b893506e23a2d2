import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusinessError, notFound } from "../../../kernel/index.ts";
import { BuilderImageError } from "./builder-facts.ts";
import {
  bringRunImage,
  builderRefusal,
  keptTold,
  makerOf,
  pinnedName,
  pullingTold,
  requireReference,
} from "./builder-pulls.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("bringing a builder's run image", () => {
  const named = { image: "example.com/run:1", mirrors: ["mirror.one/run:1", "mirror.two/run:1"] };

  /** Registries of which only these answer. */
  function registries(...answering: readonly string[]) {
    const asked: string[] = [];
    const bring = async (name: string) => {
      asked.push(name);
      if (!answering.includes(name)) throw new Error("connection refused");
      return `brought ${name}`;
    };
    return { asked, bring };
  }

  it("asks the mirrors in turn, and nobody once it has it", async () => {
    const { asked, bring } = registries("mirror.one/run:1", "mirror.two/run:1");
    const brought = await bringRunImage(named, new AbortController().signal, bring);
    expect([brought, asked]).toEqual(["brought mirror.one/run:1", [named.image, "mirror.one/run:1"]]);
  });

  it("tells what was in the way of each when none can be had", async () => {
    const thrown = await bringRunImage(named, new AbortController().signal, registries().bring).catch(
      (failure: unknown) => failure,
    );
    expect(thrown).toMatchObject({ id: "invalid_params" });
    const message = String(thrown);
    for (const name of [named.image, ...named.mirrors])
      expect(message).toContain(`\n${name}: connection refused.\n`);
    expect(message).toContain("CONIFER_PULL_REGISTRIES");
    expect(message).not.toContain("names no mirror");
  });

  it("says that there is no mirror, where a builder names none", async () => {
    const alone = { image: named.image, mirrors: [] };
    await expect(bringRunImage(alone, new AbortController().signal, registries().bring)).rejects.toThrow(
      "names no mirror of it",
    );
  });

  it("asks no registry for a name that cannot be one, and goes on to the next", async () => {
    const { asked, bring } = registries("mirror.one/run:1");
    const odd = { image: "../../etc/passwd", mirrors: named.mirrors };
    await bringRunImage(odd, new AbortController().signal, bring);
    expect(asked).toEqual(["mirror.one/run:1"]);
  });

  it("asks no mirror for a build that was stopped, and rejects as it was", async () => {
    const stop = new AbortController();
    const { asked, bring } = registries();
    const stopped = async (name: string) => {
      stop.abort("cancelled");
      return await bring(name);
    };
    await expect(bringRunImage(named, stop.signal, stopped)).rejects.toBe("cancelled");
    expect(asked).toEqual([named.image]);
  });
});

describe("what people are told of a builder", () => {
  it("is what went wrong, as an answer to them, whoever threw it", () => {
    const known = notFound("image");
    expect(builderRefusal("b", known)).toBe(known);
    const refused = [new BuilderImageError("It has no stack."), new Error("socket hang up"), "odd"];
    expect(refused.map((thrown) => builderRefusal("b:1", thrown))).toEqual([
      new BusinessError("invalid_params", "It has no stack."),
      new BusinessError("invalid_params", "The builder b:1 cannot be used: socket hang up."),
      new BusinessError("invalid_params", "The builder b:1 cannot be used: odd."),
    ]);
  });

  it("has one full stop at the end of each sentence", () => {
    expect(keptTold("builder", new Error("It is away.\n"))).toBe(
      " !     It is away.\n !     Using the builder as it was pulled before.",
    );
    expect(keptTold("run image", new Error("away"))).toContain(" away.\n");
  });

  it("never counts a pull as nothing", () => {
    expect(pullingTold("builder", "b", 12)).toContain("(1 MB)");
    expect(pullingTold("run image", "r", 1_600_000)).toBe("-----> Pulling run image r (2 MB)");
  });
});

describe("names of builders", () => {
  it.each(["", "UPPER/case", "a b", "https://example.com/a", "a:b:c", "a@sha256:12"])(
    "%j names no image",
    (name) => {
      expect(() => requireReference(name)).toThrow(BusinessError);
    },
  );

  it("are pinned once, however often", () => {
    const name = fc.constantFrom("builder", "example.com:5000/a/b:1", `a/b@${DIGEST}`);
    fc.assert(
      fc.property(name, (text) => {
        const once = pinnedName(text, DIGEST);
        expect(once.match(/@/g)).toHaveLength(1);
        expect(pinnedName(once, DIGEST)).toBe(once);
        expect(() => requireReference(once)).not.toThrow();
      }),
    );
  });

  it("share a cache over all versions of one builder, and with no other builder", () => {
    const versions = ["a/builder", "a/builder:2", `a/builder@${DIGEST}`, "docker.io/a/builder:22"];
    expect(new Set(versions.map(makerOf))).toEqual(new Set(["docker.io/a/builder"]));
    const others = ["b/builder", "ghcr.io/a/builder", "localhost:5000/a/builder", "a/builder-2"];
    expect(new Set([...versions, ...others].map(makerOf)).size).toBe(1 + others.length);
  });
});
