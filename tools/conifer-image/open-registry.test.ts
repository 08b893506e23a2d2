import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../platform/src/delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../platform/src/delivery/registry/registry-fake.ts";
import {
  startTestRegistry,
  type TestRegistry,
} from "../../platform/src/delivery/registry/registry-fixtures.ts";
import { proxiesOf, type RemoteImage, withRegistry } from "./open-registry.ts";

let folder: string;
let registry: TestRegistry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "open-"));
  registry = await startTestRegistry(makeFakeRegistryStores());
});
afterEach(async () => {
  await registry.registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

const look = ({ client, repository, name }: RemoteImage) => client.pullManifest(repository, name);
const at = (rest = "") => `127.0.0.1:${registry.port}/team/app${rest}`;
function loginOf(password: string) {
  const file = join(folder, "password");
  writeFileSync(file, password);
  return { plainHttp: true, login: { user: registry.pull("team").username, passwordFile: file } };
}

describe("a registry that a reference names", () => {
  it("is reached with the password of a file, whose last line end is none of it", async () => {
    const { password } = registry.pull("team");
    for (const text of [password, `${password}\n`, `${password}\r\n`])
      expect(await withRegistry(at(":v1"), loginOf(text), { environment: {}, work: look })).toBeUndefined();
  });

  it.each([
    [":v1", "v1"],
    ["", "latest"],
    [`:v1@${digestOf("x")}`, digestOf("x")],
  ])("tells what is meant by %j", async (rest, name) => {
    const work = async (remote: RemoteImage) => [remote.repository, remote.name];
    expect(await withRegistry(at(rest), { plainHttp: true }, { environment: {}, work })).toEqual([
      "team/app",
      name,
    ]);
  });

  it("says what it refuses, and what to do", async () => {
    const wrong = withRegistry(at(), loginOf("1.2.3"), { environment: {}, work: look });
    await expect(wrong).rejects.toMatchObject({ failure: "failed" });
    await expect(wrong).rejects.toThrow("does not take this user and password");
    const tls = withRegistry(at(), { plainHttp: false }, { environment: {}, work: look });
    await expect(tls).rejects.toThrow(/Say --plain-http\.$/);
  }, 60_000);

  it("is not asked for what makes no sense", async () => {
    const odd = withRegistry("app", { plainHttp: true }, { environment: {}, work: look });
    await expect(odd).rejects.toMatchObject({ failure: "usage" });
    const login = { user: "me", passwordFile: join(folder, "gone") };
    const gone = withRegistry(at(), { plainHttp: true, login }, { environment: {}, work: look });
    await expect(gone).rejects.toThrow("The password cannot be read: ENOENT");
  });
});

it.each([
  [{}, { http: "", https: "", none: "" }],
  [{ HTTP_PROXY: "http://a" }, { http: "http://a", https: "http://a", none: "" }],
  [
    { http_proxy: "http://a", HTTP_PROXY: "http://b", HTTPS_PROXY: "http://c", NO_PROXY: "x" },
    { http: "http://a", https: "http://c", none: "x" },
  ],
])("the proxies of %j", (environment, wanted) => expect(proxiesOf(environment)).toEqual(wanted));
