import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onKubernetes } from "../engine-differences.ts";
import { type EscapeWorld, openEscapeWorld } from "../escape/escape-app.ts";
import { chosenLevels, REFUSED_LEVEL } from "../escape/escape-levels.ts";
import {
  columnName,
  differences,
  doctorRows,
  type Expected,
  pageRows,
  readExpected,
  readFacts,
} from "../escape/escape-table.ts";
import { type Journey, setOut } from "../journey.ts";
import type { PreparedMachine } from "../lesser-machine.ts";
import { CLONE, removeHome, startPlatform } from "../running-platform.ts";
import { execute } from "../stock-client.ts";

/**
 * An app that means ill gets what the guide's table says, and nothing more, at each level that this machine can show. A
 * run of all tests tries the first and the last level; `CONIFER_ESCAPE_LEVELS=all` tries each.
 */

const GUIDE = readFileSync(join(CLONE, "docs/guides/isolation-levels.md"), "utf8");
const USING_UP = ["processes", "descriptors", "disk", "unnamed", "inodes", "memory"];
/** Dynos that are ended for what they do come back later each time. */
const LONG_MS = 400_000;
/** So that what is bounded is reached soon. */
const SMALL = { CONIFER_DYNO_DISK: "1" };

describe.skipIf(onKubernetes).each(chosenLevels(process.env.CONIFER_ESCAPE_LEVELS))(
  "on a machine with $name",
  (level) => {
    let prepared: PreparedMachine;
    let journey: Journey;
    let world: EscapeWorld;
    let expected: Expected;

    beforeAll(async () => {
      if (level.obstacle) return;
      prepared = level.prepare();
      journey = await setOut({ ...prepared, env: { ...prepared.env, ...SMALL } });
      const facts = readFacts(journey.platform.output(), prepared.root);
      expect(columnName(facts)).toBe(level.column ?? columnName(facts));
      expected = readExpected(GUIDE, columnName(facts));
      world = await openEscapeWorld(journey, facts.ownNetwork ? "own" : "shared");
    });

    afterAll(async () => {
      await world?.close();
      await journey?.end();
      if (prepared) removeHome(prepared.home);
      prepared?.remove();
    });

    test.skipIf(level.obstacle)(
      `builds and release phases${level.obstacle ? ` (skipped: ${level.obstacle})` : ""}`,
      () => {
        expect(differences(expected, world.pushed, ["build", "release"])).toEqual([]);
      },
    );

    test.skipIf(level.obstacle)("the doctor tells what the page at the start tells", async () => {
      const [program = "", ...words] = [...prepared.machine, "npm", "run", "-s", "doctor"];
      const env = { ...process.env, CONIFER_HOME: prepared.home, ...prepared.env } as Record<string, string>;
      const { stdout } = await execute(program, words, { cwd: CLONE, env });
      const rows = pageRows(journey.platform.output());
      expect(rows.length).toBeGreaterThan(8);
      expect(doctorRows(stdout)).toEqual(rows);
    });

    test.skipIf(level.obstacle)(
      "dynos",
      async () => {
        const results = [...(await world.inDyno())];
        for (const name of [...USING_UP, "logs"]) {
          results.push(...(await world.inDyno(name)));
          // What had to end for it comes back.
          await world.app.pageSays("escape app", 90_000);
        }
        expect(differences(expected, results, ["dyno"])).toEqual([]);
      },
      LONG_MS,
    );

    test.skipIf(level.obstacle)(
      "one-off dynos",
      async () => {
        const results = [...(await world.inOneOff())];
        // Each in a dyno of its own: some end it.
        for (const name of USING_UP) results.push(...(await world.inOneOff(name)));
        results.push(await world.holdsTerminal());
        expect(differences(expected, results, ["one-off"])).toEqual([]);
      },
      LONG_MS,
    );

    test.skipIf(level.obstacle)("visitors of other apps notice nothing", () => {
      expect(world.misled()).toEqual([]);
    });
  },
);

test.skipIf(onKubernetes || REFUSED_LEVEL.obstacle)(
  `a machine where nothing can be kept apart gets no platform, and is told how to change that`,
  async () => {
    const prepared = REFUSED_LEVEL.prepare();
    try {
      await expect(startPlatform(prepared)).rejects.toThrow(/Allow user namespaces \(sysctl/);
    } finally {
      removeHome(prepared.home);
      prepared.remove();
    }
  },
);
