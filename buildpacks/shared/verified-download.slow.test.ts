import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, runProgram, startServer, writeFiles } from "./buildpack-fixtures.ts";
import { makeFetcher } from "./verified-download.ts";

const CONTENT = "the content";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let registry: Awaited<ReturnType<typeof startServer>>;
beforeEach(async () => {
  folder = await makeFolder();
  registry = await startServer((request, response) => {
    if (request.url !== "/silent") response.end(CONTENT);
  });
});
afterEach(async () => {
  await registry.stop();
  await folder.remove();
});

it("gives up a source that is silent within seconds", async () => {
  const began = performance.now();
  const { signal } = new AbortController();
  await expect(makeFetcher({}, signal).text(`${registry.address}/silent`)).rejects.toThrow();
  expect(performance.now() - began).toBeLessThan(8_000);
});

describe("proxies and certificates", () => {
  /** In a process of its own: the client reads proxies from its process's environment. */
  const fetchAside = async (address: string, env: Readonly<Record<string, string>>) => {
    const program = path.join(folder.at, "fetch.mts");
    const module = path.join(import.meta.dirname, "verified-download.ts");
    await writeFiles(folder.at, {
      "fetch.mts": `import { makeFetcher } from ${JSON.stringify(module)};
        console.log(await makeFetcher(process.env, new AbortController().signal).text(${JSON.stringify(address)}));\n`,
    });
    return runProgram(process.execPath, [program], {
      cwd: folder.at,
      env: { PATH: process.env.PATH, ...env },
    });
  };

  it("goes through the operator's proxy", async () => {
    const proxied = await startServer((_request, response) => void response.end("by proxy"));
    const { code, output } = await fetchAside("http://registry.invalid/x", { HTTP_PROXY: proxied.address });
    const asked = proxied.requests;
    await proxied.stop();
    expect([code, output]).toEqual([0, "by proxy\n"]);
    expect(asked).toEqual(["GET http://registry.invalid/x"]);
  });

  it("leaves the proxy out for those it is told to", async () => {
    const env = { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1" };
    expect(await fetchAside(`${registry.address}/x`, env)).toMatchObject({ code: 0, output: `${CONTENT}\n` });
  });

  it("trusts the certificates of a file", async () => {
    const openssl = await runProgram(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
        ...[
          "-keyout",
          "key.pem",
          "-out",
          "ca.pem",
          "-subj",
          "/CN=127.0.0.1",
          "-addext",
          "subjectAltName=IP:127.0.0.1",
        ],
      ],
      { cwd: folder.at, env: { PATH: process.env.PATH } },
    );
    expect(openssl.code).toBe(0);
    const at = (name: string) => path.join(folder.at, name);
    const key = { key: await readFile(at("key.pem")), cert: await readFile(at("ca.pem")) };
    const secure = createServer(key, (_request, response) => response.end("secret"));
    await once(secure.listen(0, "127.0.0.1"), "listening");
    const address = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/x`;
    try {
      for (const name of ["npm_config_cafile", "NPM_CONFIG_CAFILE", "NODE_EXTRA_CA_CERTS"])
        expect(await fetchAside(address, { [name]: at("ca.pem") })).toMatchObject({ code: 0 });
      expect(await fetchAside(address, {})).toMatchObject({ code: 1 });
    } finally {
      secure.closeAllConnections();
      await new Promise((resolve) => secure.close(resolve));
    }
  });
});
