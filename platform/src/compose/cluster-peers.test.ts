import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callPeer, PeerGone } from "../drivers/embedded/local/index.ts";
import { type Running, silentLogger } from "../kernel/index.ts";
import type { Tracer } from "../observe/trace/index.ts";
import { makeKeptTraces } from "../observe/trace/tracer-fixtures.ts";
import { clusterPeer, INTERNAL_PORT, peerAt, startRoleServer, systemNamespace } from "./cluster-peers.ts";
import { makeRolePlace, ROLE_SECRET, type RolePlace } from "./role-fixtures.ts";

let place: RolePlace;
const running: Running[] = [];
beforeEach(() => {
  place = makeRolePlace();
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  place.remove();
});

describe("how a role is called", () => {
  test.each(["files", "logs", "registry"] as const)("%s: by its Service in the system namespace", (role) => {
    expect(clusterPeer(role, place.config)).toEqual({
      host: `conifer-${role}.conifer-system.svc`,
      port: INTERNAL_PORT,
      secret: ROLE_SECRET,
      ca: readFileSync(join(place.folder, "keys/internal-ca.pem"), "utf8"),
      serverName: "conifer.internal",
    });
  });

  test("with a tracer, as part of the trace that the call is made in", async () => {
    const tracer = makeKeptTraces().tracerOf("api");
    const { traceparent } = clusterPeer("files", place.config, tracer);
    expect(traceparent?.()).toBeUndefined();
    await tracer.span({ name: "work" }, async () => expect(traceparent?.()).toBe(tracer.traceparent()));
    expect(clusterPeer("files", place.config).traceparent).toBeUndefined();
  });

  test.each(["10.1.2.3", "fd00::7"])("a pod by its address, with the same certificate: %s", (host) => {
    expect(peerAt(host, place.config)).toEqual({ ...clusterPeer("logs", place.config), host });
  });

  test("another namespace has other names", () => {
    const config = place.configOf("home", { CONIFER_SYSTEM_NAMESPACE: "platform" });
    expect(clusterPeer("files", config).host).toBe("conifer-files.platform.svc");
  });

  test("outside of a cluster there are no such names, and the operator is told how to get there", () => {
    const config = { ...place.config, systemNamespace: undefined };
    expect(() => systemNamespace(config)).toThrow("`conifer install`");
    expect(() => clusterPeer("files", config)).toThrow("CONIFER_SYSTEM_NAMESPACE is not set");
  });

  test.each(["internal-ca.pem", "secret"])("without %s it fails at the start, and names the file", (name) => {
    rmSync(join(place.folder, "keys", name));
    expect(() => clusterPeer("files", place.config)).toThrow(join(place.folder, "keys", name));
  });
});

async function serve(config = place.config, tracer?: Tracer) {
  const handlers = { "GET /name": async () => "files" };
  const server = await startRoleServer({
    config,
    logger: silentLogger,
    routes: [{ handlers }],
    port: 0,
    ...(tracer && { tracer }),
  });
  running.push(server);
  return server.port;
}

describe("a role's server", () => {
  test("answers a role of its installation", async () => {
    expect(await callPeer(place.peer(await serve()), "GET /name")).toBe("files");
  });

  test("goes on with the trace of its caller, when both trace", async () => {
    const traces = makeKeptTraces();
    const [caller, tracer] = [traces.tracerOf("api"), traces.tracerOf("files")];
    const peer = { ...place.peer(await serve(place.config, tracer)), traceparent: caller.traceparent };
    await caller.span({ name: "POST /builds" }, () => callPeer(peer, "GET /name"));
    await callPeer(peer, "GET /name");
    await caller.span({ name: "untold" }, () => callPeer(place.peer(peer.port), "GET /name"));
    const called = traces.spans.filter(({ role }) => role === "files");
    expect(called.map(traces.pathOf)).toEqual([["api: POST /builds", "files: GET /name"]]);
  });

  test("knows nobody from another installation, nor does its role believe it", async () => {
    const other = makeRolePlace();
    try {
      const port = await serve();
      await expect(callPeer(other.peer(port), "GET /name")).rejects.toThrow(PeerGone);
      const stranger = { ...place.peer(port), secret: "guessed" };
      await expect(callPeer(stranger, "GET /name")).rejects.toMatchObject({ id: "unauthorized" });
    } finally {
      other.remove();
    }
  });

  test.each(["internal.pem", "internal.key", "secret"])("does not start without %s", async (name) => {
    rmSync(join(place.folder, "keys", name));
    await expect(serve()).rejects.toThrow(name);
  });

  test("does not start with a key of another certificate", async () => {
    const other = makeRolePlace();
    const key = readFileSync(join(other.folder, "keys/internal.key"));
    other.remove();
    writeFileSync(join(place.folder, "keys/internal.key"), key);
    await expect(serve()).rejects.toThrow(/key values mismatch/);
  });
});
