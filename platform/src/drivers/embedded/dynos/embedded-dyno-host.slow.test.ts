import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import {
  type DynoBehavior,
  type DynoHostHarness,
  testDynoHost,
} from "../../../runtime/dyno/dyno-host-suite.ts";
import { testDynoInsides } from "../../../runtime/dyno/dyno-inside-suite.ts";
import { startLocalServer } from "../local/index.ts";
import { makeDynoHostClient } from "./dyno-host-client.ts";
import { type DynoWorld, openDynoWorld, program, shell } from "./dyno-host-fixtures.ts";
import { dynoHostRoutes } from "./dyno-routes.ts";

let world: DynoWorld;
beforeAll(async () => {
  world = await openDynoWorld();
});
afterAll(() => world.close());

const BEHAVIORS = {
  serves: program("serve"),
  "never-listens": shell("exec sleep 60"),
  works: shell("exec sleep 60"),
  "exits-0": shell("exit 0"),
  "exits-3": shell("exit 3"),
  "ignores-term": program("stubborn"),
  echo: program("echo"),
} satisfies Record<DynoBehavior, unknown>;

async function open(): Promise<DynoHostHarness> {
  const running = await world.startHost();
  return { host: running.dynos, program: (behavior) => BEHAVIORS[behavior], close: () => running.stop() };
}

async function openOverSocket(): Promise<DynoHostHarness> {
  const running = await world.startHost();
  const peer = { socketPath: join(world.home, "host.sock"), secret: "test" };
  const server = await startLocalServer({
    ...peer,
    routes: [dynoHostRoutes(running.dynos)],
    logger: silentLogger,
  });
  return {
    host: makeDynoHostClient(peer),
    program: (behavior) => BEHAVIORS[behavior],
    close: async () => {
      await running.stop();
      await server.stop();
    },
  };
}

testDynoHost("the embedded engine", open);
testDynoInsides("the embedded engine", open);
testDynoHost("the embedded engine over its socket", openOverSocket);
testDynoInsides("the embedded engine over its socket", openOverSocket);
