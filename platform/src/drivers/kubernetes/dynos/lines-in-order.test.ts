import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogLine } from "../../../kernel/index.ts";
import { makeLinesInOrder } from "./lines-in-order.ts";

function openLog(waitMs?: number) {
  const written: string[] = [];
  const lines = makeLinesInOrder({ write: ({ message }) => void written.push(message) }, waitMs);
  return { written, lines };
}

const line = (message: string): LogLine => ({
  appId: "app",
  time: new Date(0),
  source: "heroku",
  process: "web.1",
  message,
});

describe("lines of the dyno manager", () => {
  test("are written at once where nothing is to be waited for", () => {
    const { written, lines } = openLog();
    lines.write("a", line("Starting process"));
    expect(written).toEqual(["Starting process"]);
  });

  test("that tell of an end come after what the process wrote", async () => {
    const { written, lines } = openLog();
    const output = Promise.withResolvers<void>();
    lines.write("a", line("Process exited"), () => output.promise);
    lines.write("a", line("State changed"));
    expect(written).toEqual([]);
    written.push("the last output");
    output.resolve();
    await lines.close();
    expect(written).toEqual(["the last output", "Process exited", "State changed"]);
  });

  test("of one dyno do not wait for another's", async () => {
    const { written, lines } = openLog();
    const output = Promise.withResolvers<void>();
    lines.write("a", line("a exited"), () => output.promise);
    lines.write("b", line("b starts"));
    expect(written).toEqual(["b starts"]);
    output.resolve();
    await lines.close();
    expect(written).toEqual(["b starts", "a exited"]);
  });

  test.each([
    ["never ends", () => new Promise(() => {})],
    ["fails", () => Promise.reject(new Error("the node is away"))],
  ])("are not lost when the reading %s", async (_how, after) => {
    const { written, lines } = openLog(1);
    lines.write("a", line("Process exited"), after);
    await lines.close();
    expect(written).toEqual(["Process exited"]);
  });

  test("are written at once again when the waiting is over", async () => {
    const { written, lines } = openLog();
    lines.write("a", line("exited"), async () => {});
    await lines.close();
    lines.write("a", line("starting"));
    expect(written).toEqual(["exited", "starting"]);
  });

  test("keep the order they were told in, whatever each waits for", async () => {
    const waits = fc.array(fc.constantFrom("nothing", "a turn", "two turns", "a failure"), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(waits, async (kinds) => {
        const { written, lines } = openLog();
        for (const [i, kind] of kinds.entries()) {
          const turn = () => new Promise((resolve) => setImmediate(resolve));
          const after = {
            nothing: undefined,
            "a turn": turn,
            "two turns": () => turn().then(turn),
            "a failure": () => Promise.reject(new Error("broken")),
          }[kind];
          lines.write("a", line(String(i)), after);
        }
        await lines.close();
        expect(written).toEqual(kinds.map((_, i) => String(i)));
      }),
      { numRuns: 50 },
    );
  });
});
