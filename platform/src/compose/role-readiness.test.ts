import { describe, expect, test } from "vitest";
import { makeReadiness, type ReadyCheck } from "./role-readiness.ts";

const check = (name: string, look: ReadyCheck["look"]): ReadyCheck => ({ name, look });
const START = { name: "start", ok: true };

describe("a role", () => {
  test("is ready between entering and leaving", async () => {
    const readiness = makeReadiness();
    expect(await readiness.ask()).toEqual({
      ready: false,
      checks: [{ name: "start", ok: false, why: "The process is starting." }],
    });
    readiness.enter();
    expect([readiness.serves(), await readiness.ask()]).toEqual([true, { ready: true, checks: [START] }]);
    readiness.leave();
    expect(readiness.serves()).toBe(false);
    expect((await readiness.ask()).checks).toEqual([
      { name: "start", ok: false, why: "The process is ending." },
    ]);
  });

  test("tells of every check, in order, and is ready only when all hold", async () => {
    const readiness = makeReadiness();
    readiness.enter([
      check("disk", async () => undefined),
      check("routes", async () => "Nobody has told."),
      check("database", async () => {
        throw new Error("connect ECONNREFUSED");
      }),
    ]);
    expect(await readiness.ask()).toEqual({
      ready: false,
      checks: [
        START,
        { name: "disk", ok: true },
        { name: "routes", ok: false, why: "Nobody has told." },
        { name: "database", ok: false, why: "connect ECONNREFUSED" },
      ],
    });
    expect(readiness.serves()).toBe(true);
  });

  test("a look that throws before it waits has failed like any other", async () => {
    const readiness = makeReadiness();
    readiness.enter([
      check("disk", () => {
        throw new Error("statfs: no such folder");
      }),
    ]);
    expect((await readiness.ask()).checks[1]).toEqual({
      name: "disk",
      ok: false,
      why: "statfs: no such folder",
    });
  });

  test("a look that never ends is given up", async () => {
    const readiness = makeReadiness(5);
    readiness.enter([check("database", () => new Promise(() => {}))]);
    const { ready, checks } = await readiness.ask();
    expect([ready, checks[1]?.why]).toEqual([false, "looking at the database took longer than 5 ms"]);
  });

  test("a password in an address is not told", async () => {
    const readiness = makeReadiness();
    readiness.enter([
      check("database", async () => {
        throw new Error("cannot use postgres://conifer:hunter2@db/conifer");
      }),
    ]);
    expect(JSON.stringify(await readiness.ask())).not.toContain("hunter2");
  });

  test("many who ask at once cause one look, and who asks later another", async () => {
    let looks = 0;
    const readiness = makeReadiness();
    readiness.enter([
      check("database", async () => {
        looks += 1;
        return undefined;
      }),
    ]);
    await Promise.all(Array.from({ length: 50 }, () => readiness.ask()));
    expect(looks).toBe(1);
    await readiness.ask();
    expect(looks).toBe(2);
  });
});
