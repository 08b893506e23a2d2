import { afterAll, expect, test } from "vitest";
import { HELLO_APP } from "../app-folder.ts";
import { coreJourney } from "../core-journey.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { type OwnDatabase, startOwnDatabase } from "../own-database.ts";

/** The first hour with a database of the operator's, beside another platform of this machine that has an app of the same name. */

let other: Journey | undefined;
let theirs: JourneyApp;
let database: OwnDatabase | undefined;

coreJourney({
  prepare: async () => {
    other = await setOut();
    theirs = await other.deployApp("first-app", {
      ...HELLO_APP,
      "server.js": (HELLO_APP["server.js"] as string).replace("hello", "greetings of the other one to"),
    });
    database = await startOwnDatabase();
    return { env: { DATABASE_URL: database.url } };
  },
  leave: async () => await database?.stop(),
});

test("the other platform has noticed nothing", async () => {
  expect(await theirs.page()).toMatchObject({ status: 200 });
  expect((await theirs.page()).body).toContain("greetings of the other one");
  expect(await theirs.printed("releases")).toContain("Current: v2");
});

afterAll(() => other?.end());
