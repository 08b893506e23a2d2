import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Builder, BuildNews, BuildResult, BuildSpec } from "./build-ports.ts";

/** A builder with sources whose builds go in a known way. Each prints `begun` on a line of its own first. */
export interface BuilderUnderTest {
  readonly builder: Builder;
  /** Digests: builds that succeed, that a buildpack fails, that never end by themselves. */
  readonly sources: { readonly good: string; readonly bad: string; readonly endless: string };
  dispose(): Promise<void>;
}

/** What every Builder must do. */
export function builderSuite(name: string, make: () => Promise<BuilderUnderTest>): void {
  describe(`Builder: ${name}`, () => {
    let made: BuilderUnderTest;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.dispose());
    resultTests(() => made);
    joiningTests(() => made);
    cancelTests(() => made);
  });
}

function resultTests(made: () => BuilderUnderTest): void {
  it("yields output, then the image, and nothing after it", async () => {
    const { text, results } = await collect(made().builder.build(specOf(made().sources.good), never()));
    expect(text).toContain("begun\n");
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      kind: "succeeded",
      image: { digest: expect.stringMatching(/^sha256:/), processes: [{ type: "web" }] },
    });
  });

  it("tells why a build failed and with which exit code", async () => {
    const { text, results } = await collect(made().builder.build(specOf(made().sources.bad), never()));
    expect(text).toContain("begun\n");
    expect(results).toEqual([{ kind: "failed", message: expect.stringMatching(/\.$/), exitCode: 51 }]);
  });

  it("forgets a cache, also one that is not there", async () => {
    await made().builder.clearCache(randomUUID());
  });
}

function joiningTests(made: () => BuilderUnderTest): void {
  it("gives a second caller the same build from its beginning", async () => {
    const { builder, sources } = made();
    const spec = specOf(sources.endless);
    const first = listen(builder, spec);
    await first.said("begun\n");
    const second = listen(builder, spec);
    await second.said("begun\n");
    await builder.cancel(spec.id);
    expect(await Promise.all([first.ended, second.ended])).toEqual([
      { kind: "cancelled" },
      { kind: "cancelled" },
    ]);
  });

  it("goes on when its caller stops listening", async () => {
    const { builder, sources } = made();
    const spec = specOf(sources.endless);
    const leaving = new AbortController();
    const first = listen(builder, spec, leaving.signal);
    await first.said("begun\n");
    leaving.abort();
    expect(await first.ended).toBeUndefined();
    const second = listen(builder, spec);
    await second.said("begun\n");
    await builder.cancel(spec.id);
    expect(await second.ended).toEqual({ kind: "cancelled" });
  });

  it("gives a caller who comes back after the end the output and the result", async () => {
    const { builder, sources } = made();
    const spec = specOf(sources.good);
    const first = await collect(builder.build(spec, never()));
    const again = await collect(builder.build(spec, never()));
    expect(again.results).toEqual(first.results);
    // That it had to wait for room is nothing that the build has written.
    expect(again.text).toContain("begun");
    expect(first.text.endsWith(again.text)).toBe(true);
  });
}

function cancelTests(made: () => BuilderUnderTest): void {
  it("ends a cancelled build, and ignores ids it does not know", async () => {
    const { builder, sources } = made();
    await builder.cancel(randomUUID());
    const spec = specOf(sources.endless);
    const listening = listen(builder, spec);
    await listening.said("begun\n");
    await builder.cancel(spec.id);
    expect(await listening.ended).toEqual({ kind: "cancelled" });
    await builder.cancel(spec.id);
  });
}

/** A spec with a new id for a new app. */
export function specOf(source: string, more: Partial<BuildSpec> = {}): BuildSpec {
  return {
    id: randomUUID(),
    appId: randomUUID(),
    appName: "quiet-pine-1",
    ownerId: randomUUID(),
    rank: 1,
    acceptedAt: new Date().toISOString(),
    source,
    sourceVersion: "0123abc",
    env: {},
    stack: "cnb",
    timeoutSeconds: 60,
    ...more,
  };
}

export async function collect(
  news: AsyncIterable<BuildNews>,
): Promise<{ text: string; results: readonly BuildResult[] }> {
  let text = "";
  const results: BuildResult[] = [];
  for await (const one of news) {
    if (one.kind === "output") text += one.text;
    else results.push(one.result);
  }
  return { text, results };
}

/** Listens to a build; `said` waits for a text, `ended` for the result, or undefined when the listening stopped. */
export function listen(builder: Builder, spec: BuildSpec, signal: AbortSignal = never()) {
  let text = "";
  let heard = () => {};
  const ended = (async () => {
    for await (const one of builder.build(spec, signal)) {
      if (one.kind === "result") return one.result;
      text += one.text;
      heard();
    }
    return undefined;
  })();
  const said = async (wanted: string) => {
    while (!text.includes(wanted)) {
      const more = new Promise<"more">((resolve) => {
        heard = () => resolve("more");
      });
      if ((await Promise.race([more, ended])) !== "more")
        throw new Error(`the build ended without saying "${wanted}": ${text}`);
    }
  };
  return { said, ended, text: () => text };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}
