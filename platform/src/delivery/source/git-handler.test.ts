import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BusinessError, silentLogger } from "../../kernel/index.ts";
import { makeKeptLog } from "../../kernel/kept-log-fixtures.ts";
import { basicCredentials, type GitHandlerDependencies, makeGitHandler, serviceOf } from "./git-handler.ts";
import { ann } from "./source-fixtures.ts";
import type { GitCall } from "./source-ports.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("serviceOf", () => {
  it.each([
    ["GET", "/info/refs", "service=git-upload-pack", "view"],
    ["GET", "/info/refs", "service=git-receive-pack", "deploy"],
    ["POST", "/git-upload-pack", "", "view"],
    ["POST", "/git-receive-pack", "", "deploy"],
    ["GET", "/info/refs", "", "dumb"],
    ["GET", "/info/refs", "service=git-upload-archive", "unknown"],
    ["GET", "/git-receive-pack", "", "unknown"],
    ["POST", "/info/refs", "service=git-upload-pack", "unknown"],
    ["GET", "/HEAD", "", "unknown"],
    ["GET", "/", "", "unknown"],
  ])("%s %s?%s is %s", (method, path, query, wanted) => {
    expect(serviceOf(method, path, new URLSearchParams(query))).toBe(wanted);
  });
});

describe("basicCredentials", () => {
  it.each([
    [`Basic ${base64("ann:secret")}`, { user: "ann", password: "secret" }],
    [`basic  ${base64(":a:b")} `, { user: "", password: "a:b" }],
    [`Basic ${base64("é@x:ü")}`, { user: "é@x", password: "ü" }],
    [`Basic ${base64("no colon")}`, undefined],
    ["Bearer abc", undefined],
    ["Basic", undefined],
    ["Basic %%%", undefined],
    [undefined, undefined],
  ])("%s", (header, wanted) => {
    expect(basicCredentials(header)).toEqual(wanted);
  });
});

describe("the handler", () => {
  let server: Server;
  let origin: string;
  let deps: GitHandlerDependencies;
  let served: GitCall[];
  let asked: unknown[];

  beforeEach(async () => {
    served = [];
    asked = [];
    deps = {
      authenticate: async (_user, password) => (password === "token" ? ann : undefined),
      resolveApp: async (name, _principal, need) => {
        asked.push([name, need]);
        return name === "sushi" ? { id: "app-1", name } : "not_found";
      },
      transport: {
        serve: async (call, _request, response) => {
          served.push(call);
          response.end("served");
        },
      },
      receivePush: () => async function* () {},
      logger: silentLogger,
    };
    server = createServer((request, response) => {
      void makeGitHandler(deps)(request, response).then((taken) => taken || response.writeHead(418).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const send = (path: string, password = "token", init: RequestInit = {}) =>
    fetch(`${origin}${path}`, { ...init, headers: { authorization: `Basic ${base64(`ann:${password}`)}` } });

  it("passes git's requests on with the app's id", async () => {
    expect(await (await send("/sushi.git/info/refs?service=git-receive-pack")).text()).toBe("served");
    expect(await (await send("/sushi.git/git-upload-pack", "token", { method: "POST" })).text()).toBe(
      "served",
    );
    expect(served).toMatchObject([
      { appId: "app-1", path: "/info/refs", user: ann.email },
      { appId: "app-1", path: "/git-upload-pack", user: ann.email },
    ]);
    expect(asked).toEqual([
      ["sushi", "deploy"],
      ["sushi", "view"],
    ]);
  });

  it("takes no push onto a disk that is nearly full, while clones go on", async () => {
    deps = {
      ...deps,
      requireRoom: async () => {
        throw new BusinessError("insufficient_storage", "The disk is full of sand.");
      },
    };
    const pushes = [
      await send("/sushi.git/info/refs?service=git-receive-pack"),
      await send("/sushi.git/git-receive-pack", "token", { method: "POST" }),
    ];
    for (const refused of pushes) {
      expect(refused.status).toBe(507);
      expect(await refused.text()).toBe("The disk is full of sand.\n");
    }
    expect((await send("/sushi.git/info/refs?service=git-upload-pack")).status).toBe(200);
    expect(served).toHaveLength(1);
    // Whoever may not push is told that, and not how full the disk is.
    expect((await send("/other.git/info/refs?service=git-receive-pack")).status).toBe(404);
  });

  it.each(["/", "/apps", "/apps/sushi.git/info/refs", "/sushi.gitx", "/sushi/info/refs"])(
    "leaves %s alone",
    async (path) => {
      expect((await send(path)).status).toBe(418);
    },
  );

  it.each(["%2e%2e", "a%2Fb", "a_b", "x".repeat(65), "%ff"])(
    "never asks for an app with the name %s",
    async (name) => {
      const response = await send(`/${name}.git/info/refs?service=git-upload-pack`);
      expect(response.status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  it("answers what fails in its own words, as text that git shows", async () => {
    const path = "/sushi.git/info/refs?service=git-upload-pack";
    const failWith = async (thrown: unknown) => {
      deps = { ...deps, authenticate: () => Promise.reject(thrown) };
      const response = await send(path);
      return [response.status, response.headers.get("content-type"), await response.text()] as const;
    };
    expect(await failWith(new BusinessError("rate_limit", "Slow down."))).toEqual([
      429,
      "text/plain; charset=utf-8",
      "Slow down.\n",
    ]);
    expect((await failWith(new BusinessError("unavailable", "Later.")))[0]).toBe(503);
    const [status, , text] = await failWith(new Error("secret detail"));
    expect(status).toBe(500);
    expect(text).toMatch(/^Conifer could not do this \(error [0-9a-f-]{36}\)/);
    expect(text).not.toContain("secret detail");
    const log = makeKeptLog();
    deps = { ...deps, logger: log.logger };
    const [, , shown] = await failWith(new Error("secret detail"));
    expect(log.linesOfIdIn(shown)).toMatchObject([{ level: "error", error: { message: "secret detail" } }]);
    deps = { ...deps, isStoreAway: () => true };
    expect((await failWith(new Error("no database")))[0]).toBe(503);
  });

  it("tells the Git LFS client what to do", async () => {
    const response = await send("/sushi.git/info/lfs/objects/batch", "token", { method: "POST", body: "{}" });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({ message: expect.stringContaining("git push --no-verify") });
  });

  it("lets a client that is still sending read the refusal", async () => {
    const body = "x".repeat(3_000_000);
    const response = await send("/sushi.git/git-receive-pack", "wrong", { method: "POST", body });
    expect(response.status).toBe(401);
  });
});
