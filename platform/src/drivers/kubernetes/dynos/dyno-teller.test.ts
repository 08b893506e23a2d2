import { expect, test } from "vitest";
import type { LogLine } from "../../../kernel/index.ts";
import { type BoardDyno, stateOfSight } from "./dyno-sight.ts";
import { makeDynoTeller } from "./dyno-teller.ts";
import { DYNO_ID, exit, podRun, RUNNING, sight } from "./pod-fixtures.ts";

function boardDyno(change: Parameters<typeof sight>[0] = {}): BoardDyno {
  const given = sight({ runs: [podRun(RUNNING)], ...change });
  return { sight: given, state: stateOfSight(given), since: new Date(0) };
}

function openTeller(known: BoardDyno[] = []) {
  const said: string[] = [];
  const ended: string[] = [];
  const asked: (readonly string[])[] = [];
  const output = Promise.withResolvers<void>();
  const teller = makeDynoTeller({
    now: () => new Date(0),
    sink: { write: ({ process, message }: LogLine) => void said.push(`${process}: ${message}`) },
    outputTold: (runs) => {
      asked.push(runs);
      return output.promise;
    },
    dynos: () => known,
    end: ({ sight: { entry } }, why) => void ended.push(`${entry.id} ${why}`),
  });
  return { said, ended, asked, output, teller };
}

test("what becomes of dynos is told between its begin and its stop, what is done to them always", async () => {
  const { said, teller } = openTeller();
  teller.tell(boardDyno(), "State changed from starting to up", false);
  teller.say(boardDyno(), "Restarting");
  expect(said).toEqual(["web.1: Restarting"]);
  const telling = teller.begin();
  teller.tell(boardDyno(), "State changed from up to crashed", false);
  await telling.stop();
  teller.tell(boardDyno(), "State changed from crashed to starting", false);
  expect(said.slice(1)).toEqual(["web.1: State changed from up to crashed"]);
});

test("an end is told after what the process put out, and before the telling stops", async () => {
  const { said, asked, output, teller } = openTeller();
  const telling = teller.begin();
  const ended = boardDyno({ runs: [podRun({ kind: "exited", exit: exit(1) })] });
  teller.tell(ended, "Process exited with status 1", true);
  const stopped = telling.stop();
  await new Promise(setImmediate);
  expect([asked, said]).toEqual([[["pod-1/0"]], []]);
  output.resolve();
  await stopped;
  expect(said).toEqual(["web.1: Process exited with status 1"]);
});

test("a dyno whose time is over is ended by who tells, at once or when it begins", () => {
  const dyno = boardDyno();
  const { ended, teller } = openTeller([dyno]);
  teller.overdue(dyno, "boot");
  expect(ended).toEqual([]);
  teller.begin();
  expect(ended).toEqual([`${DYNO_ID} boot`]);
  teller.overdue(dyno, "client");
  expect(ended).toEqual([`${DYNO_ID} boot`, `${DYNO_ID} client`]);
});

test.each([
  ["another run of it has begun", [podRun(RUNNING, { run: 1 })]],
  ["it is about to end", [podRun(RUNNING, { leavingSince: 5 })]],
  ["nothing of it is left", []],
])("one whose time was over is left alone when %s since", (_when, runs) => {
  const now = boardDyno({ runs });
  const { ended, teller } = openTeller([now]);
  teller.overdue(boardDyno(), "boot");
  teller.see(now, false);
  teller.begin();
  expect(ended).toEqual([]);
});
