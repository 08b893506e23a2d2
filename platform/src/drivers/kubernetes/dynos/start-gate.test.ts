import { spawn } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GATE_KEY, GATE_MARK, makeGate, makeGateFilter } from "./start-gate.ts";

async function runGated(
  argv: readonly string[],
  input: string,
): Promise<{ output: string; code: number | null }> {
  const [program = "", ...args] = makeGate(argv);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("latin1");
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { output, code };
}

describe("the gate", () => {
  test("lets the program begin after one line and leaves the rest to it", async () => {
    const { output, code } = await runGated(["cat"], `${GATE_KEY}one\ntwo`);
    expect(output).toBe(`${GATE_MARK}one\ntwo`);
    expect(code).toBe(0);
  });

  test("gives arguments as they are and the program's own status", async () => {
    const { output, code } = await runGated(
      ["/bin/sh", "-c", 'echo "<$1>"; exit 7', "sh", "a b $x"],
      GATE_KEY,
    );
    expect(output).toBe(`${GATE_MARK}<a b $x>\n`);
    expect(code).toBe(7);
  });
});

describe("the filter", () => {
  test("drops what came before the program, wherever the output is cut", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uint8Array({ maxLength: 64 }),
        fc.array(fc.nat(80), { maxLength: 12 }),
        (noise, program, cuts) => {
          const before = Buffer.from(noise.replaceAll("\u0001", ""));
          const whole = Buffer.concat([before, Buffer.from(GATE_MARK, "latin1"), program]);
          const filter = makeGateFilter();
          const ends = [...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
          const parts: Buffer[] = [];
          let start = 0;
          for (const end of ends) {
            parts.push(filter.push(whole.subarray(start, end)));
            start = end;
          }
          expect(Buffer.concat(parts).equals(Buffer.from(program))).toBe(true);
        },
      ),
    );
  });

  test("lets a second mark pass: it is the program's", () => {
    const filter = makeGateFilter();
    const mark = Buffer.from(GATE_MARK, "latin1");
    filter.push(mark);
    expect(filter.push(mark).equals(mark)).toBe(true);
  });
});
