import { describe, expect, it, test } from "vitest";
import { readPullCredentials } from "./pull-credentials.ts";
import { placesOf, withRegistryImage } from "./registry-places.ts";
import { RegistryRequestError } from "./registry-request-error.ts";
import { startScriptedRegistry } from "./scripted-registry-fixtures.ts";

const LISTED = {
  registries: [
    { host: "docker.io", url: "https://mirror.test" },
    { host: "private.test" },
    { host: "plain.test:5000", url: "http://plain.test:5000" },
  ],
};

describe("where an image is asked for", () => {
  test.each([
    ["quay.io", false, [["https://quay.io", false]]],
    ["quay.io", true, [["https://quay.io", true]]],
    [
      "docker.io",
      false,
      [
        ["https://mirror.test", true],
        ["https://registry-1.docker.io", true],
      ],
    ],
    ["private.test", false, [["https://private.test", true]]],
    ["plain.test:5000", false, [["http://plain.test:5000", true]]],
  ])("%s, named by the operator: %s", (registry, trusted, places) => {
    const found = placesOf(registry, LISTED, trusted).map(({ url, anyAddress }) => [url, anyAddress]);
    expect(found).toEqual(places);
  });

  it("is the mirror, and the registry itself when the mirror has it not or is away", async () => {
    const registry = await startScriptedRegistry(() => ({ status: 404 }));
    const access = {
      ...{ trusted: true, signal: new AbortController().signal, client: { persistence: { tries: 1 } } },
      registries: [
        { host: "acme.test", url: "http://127.0.0.1:1" },
        { host: "acme.test", url: registry.url },
      ],
    };
    const asked: string[] = [];
    const reference = { registry: "acme.test", repository: "acme/builder", tag: "1" };
    const work = withRegistryImage(reference, access, async (origin) => {
      asked.push("asked");
      if (asked.length === 3) return "found";
      return (await origin.document()) && "found";
    });
    expect(await work).toBe("found");
    expect(registry.arrived.map(({ what }) => what)).toEqual(["GET /v2/acme/builder/manifests/1"]);
    await registry.stop();
  });

  it("shows the operator's credentials to the registry that they name, and to a mirror only its own", async () => {
    const registry = await startScriptedRegistry(({ authorization }) =>
      authorization
        ? { status: 404 }
        : { status: 401, headers: { "www-authenticate": 'Basic realm="acme"' } },
    );
    const host = registry.url.slice("http://".length);
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
    const ask = (name: string, repository: string) =>
      withRegistryImage(
        { registry: name, repository, tag: "1" },
        {
          ...{ trusted: false, signal: new AbortController().signal, client: { persistence: { tries: 1 } } },
          registries: [
            { host, url: registry.url },
            { host: "acme.test", url: registry.url },
          ],
          credentials: readPullCredentials(
            JSON.stringify({
              auths: {
                [`${host}/builders`]: { username: "mirror", password: "1" },
                "acme.test": { username: "acme", password: "2" },
              },
            }),
          ),
        },
        (origin) => origin.document(),
      ).catch(() => undefined);
    await ask(host, "builders/java");
    await ask("acme.test", "builders/java");
    await ask(host, "apps/wages");
    const shown = registry.arrived.map(({ what, authorization }) => [what.split("/")[2], authorization]);
    await registry.stop();
    expect(shown.filter(([, authorization]) => authorization)).toEqual([
      ["builders", basic("mirror:1")],
      ["builders", basic("mirror:1")],
    ]);
    expect(shown.at(-1)).toEqual(["apps", undefined]);
  });

  it("tells what the last place said", async () => {
    const registry = await startScriptedRegistry(() => ({ status: 403 }));
    const access = {
      ...{ trusted: false, signal: new AbortController().signal, client: { persistence: { tries: 1 } } },
      registries: [{ host: registry.url.slice("http://".length), url: registry.url }],
    };
    const reference = { registry: registry.url.slice("http://".length), repository: "a", tag: "1" };
    const asking = withRegistryImage(reference, access, (origin) => origin.document());
    await expect(asking).rejects.toThrow(RegistryRequestError);
    await registry.stop();
  });
});
