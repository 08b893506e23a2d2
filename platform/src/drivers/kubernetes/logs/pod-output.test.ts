import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type NodeFilesWriter, stampOf, writeNodeFiles } from "./node-files-writer-fixtures.ts";
import { type OutputPiece, type OutputPlace, PodOutput } from "./pod-output.ts";

let root: string;
let folder: string;
let now: number;
let nanos: bigint;
const open = new Set<{ close(): void }>();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-pod-output-"));
  folder = join(root, "dyno");
  mkdirSync(folder);
  now = 1_000_000;
  nanos = 1_795_000_000_000_000_000n;
});
afterEach(() => {
  for (const each of open) each.close();
  open.clear();
  rmSync(root, { recursive: true, force: true });
});

function writer(run = 0, entryBytes = 16_384): NodeFilesWriter {
  const made = writeNodeFiles({ folder, run, entryBytes, nanos: () => ++nanos });
  open.add(made);
  return made;
}

function reader(from?: OutputPlace, bufferBytes = 65_536): PodOutput {
  const buffer = Buffer.alloc(bufferBytes);
  const output = new PodOutput({ folder, scratch: root, from, buffer, nowMs: () => now });
  open.add(output);
  return output;
}

/** Everything there is to be told now, time passing meanwhile. */
async function drain(output: PodOutput, endedRun = -1): Promise<OutputPiece[]> {
  const pieces: OutputPiece[] = [];
  // Each file without a line takes its time.
  for (let quiet = 0; quiet < 100; ) {
    const piece = await output.next(endedRun);
    now += 600;
    if (!piece) {
      quiet++;
      continue;
    }
    quiet = 0;
    pieces.push(piece);
    output.settle(piece.to);
  }
  return pieces;
}

const textsOf = (pieces: readonly OutputPiece[]) =>
  pieces.flatMap(({ lines }) => lines.map(({ message }) => message));
const endsOf = (pieces: readonly OutputPiece[]) => pieces.filter(({ ended }) => ended).map(({ run }) => run);

describe("a run's output", () => {
  test("is told in pieces that follow one another", async () => {
    const files = writer();
    files.line("one");
    files.line("two");
    const output = reader();
    const [first] = await drain(output);
    files.line("three");
    const [second] = await drain(output);
    expect(textsOf([first as OutputPiece])).toEqual(["one", "two"]);
    expect(second).toMatchObject({ from: first?.to, file: first?.file, ended: false, isAfterLoss: false });
    expect(textsOf([second as OutputPiece])).toEqual(["three"]);
    expect(output.place).toEqual({ run: 0, file: first?.file, offset: second?.to });
  });

  test("has an end, after its last line and once", async () => {
    const files = writer();
    const output = reader();
    files.line("one");
    const pieces = await drain(output, 0);
    expect(textsOf(pieces)).toEqual(["one"]);
    expect(endsOf(pieces)).toEqual([0]);
    expect(pieces.at(-1)?.ended).toBe(true);
    expect(await drain(output, 0)).toEqual([]);
    expect(output.isDone(Number.POSITIVE_INFINITY)).toBe(true);
  });

  test("is followed by that of the next run", async () => {
    const files = writer();
    files.line("one");
    const output = reader();
    await drain(output);
    writer(1).line("two");
    const pieces = await drain(output, 0);
    expect(textsOf(pieces)).toEqual(["two"]);
    expect(pieces.map(({ run, ended }) => [run, ended])).toEqual([
      [0, true],
      [1, false],
    ]);
  });

  test("that never was has an end, too", async () => {
    const output = reader();
    expect(await drain(output)).toEqual([]);
    expect(await drain(output, 2)).toMatchObject([{ run: 2, file: "", from: 0, to: 0, ended: true }]);
    expect(await drain(output, 2)).toEqual([]);
  });

  test("whose last entry a lost node left half-written is told as far as it is there", async () => {
    writer().line("whole");
    writeFileSync(join(folder, "0.log"), `${stampOf(++nanos)} stdout F torn`, { flag: "a" });
    expect(textsOf(await drain(reader()))).toEqual(["whole"]);
    expect(textsOf(await drain(reader(), 0))).toEqual(["whole", "torn"]);
  });

  test("may hold an entry larger than what is read at once", async () => {
    const files = writer(0, 1_000_000);
    files.line("x".repeat(10_000));
    files.line("after");
    const texts = textsOf(await drain(reader(undefined, 4_096)));
    expect(texts.join("")).toContain("after");
    expect(texts.join("").replaceAll(/[^x]/g, "").length).toBe(10_000);
  });
});

describe("files that are put aside", () => {
  test("are read to their end, with what is written to them late", async () => {
    const files = writer();
    const output = reader();
    files.line("one");
    expect(textsOf(await drain(output))).toEqual(["one"]);
    files.putAside();
    files.line("late");
    files.reopen();
    files.line("new");
    expect(textsOf(await drain(output))).toEqual(["late", "new"]);
  });

  test("with nothing in them are passed over, also when they are seen again", async () => {
    const files = writer();
    files.putAside();
    files.reopen();
    files.line("one");
    const output = reader();
    const first = await drain(output);
    files.putAside();
    files.reopen();
    files.line("two");
    expect(textsOf([...first, ...(await drain(output))])).toEqual(["one", "two"]);
  });

  test("are read when they were removed meanwhile", async () => {
    const files = writer();
    const output = reader();
    files.line("one");
    const piece = await output.next(-1);
    output.settle(piece?.to ?? 0);
    files.line("two");
    rmSync(join(folder, "0.log"));
    files.reopen();
    files.line("three");
    const pieces = await drain(output);
    expect(textsOf(pieces)).toEqual(["two", "three"]);
    expect(pieces.some(({ isAfterLoss }) => isAfterLoss)).toBe(false);
  });

  test("are read when they are compressed, and not told again when they are later", async () => {
    const files = writer();
    for (let i = 0; i < 4; i++) {
      files.line(`line ${i}`);
      files.putAside();
      files.reopen();
    }
    files.line("last");
    files.tidy();
    expect(readdirSync(folder).filter((name) => name.endsWith(".gz")).length).toBe(3);
    const output = reader();
    expect(textsOf(await drain(output))).toEqual(["line 0", "line 1", "line 2", "line 3", "last"]);
    files.putAside();
    files.reopen();
    files.line("more");
    files.tidy();
    expect(textsOf(await drain(output))).toEqual(["more"]);
    expect(readdirSync(root)).toEqual(["dyno"]);
  });

  test("keep their order when one that was opened is compressed behind one that already was", async () => {
    const files = writer();
    for (const text of ["one", "two", "three"]) {
      files.line(text);
      files.putAside();
      files.reopen();
    }
    files.tidy();
    const output = reader();
    const first = await output.next(-1);
    output.settle(first?.to ?? 0);
    files.line("four");
    files.putAside();
    files.reopen();
    files.tidy();
    files.line("five");
    expect([...textsOf([first as OutputPiece]), ...textsOf(await drain(output))]).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
    ]);
  });

  test("may be many more than are held open", async () => {
    const files = writer();
    for (let i = 0; i < 30; i++) {
      files.line(`line ${i}`);
      files.putAside();
      files.reopen();
    }
    const pieces = await drain(reader());
    expect(textsOf(pieces)).toEqual(Array.from({ length: 30 }, (_, i) => `line ${i}`));
    expect(pieces.some(({ isAfterLoss }) => isAfterLoss)).toBe(false);
  });
});

describe("the next process", () => {
  test("goes on where the one before was, in whatever form the file is then", async () => {
    const files = writer();
    files.line("one");
    const before = reader();
    await drain(before);
    files.line("two");
    for (const text of ["three", "four", "five"]) {
      files.putAside();
      files.reopen();
      files.line(text);
    }
    files.tidy();
    expect(textsOf(await drain(reader(before.place)))).toEqual(["two", "three", "four", "five"]);
  });

  test("says that lines were lost when the file is gone", async () => {
    const files = writer();
    files.line("one");
    const before = reader();
    await drain(before);
    files.line("two");
    files.putAside();
    files.reopen();
    files.line("three");
    files.tidy(0);
    const pieces = await drain(reader(before.place));
    expect(textsOf(pieces)).toEqual(["three"]);
    expect(pieces.map(({ isAfterLoss }) => isAfterLoss)).toEqual([true]);
  });

  test("does not tell earlier runs again", async () => {
    writer().line("run 0");
    const before = reader();
    writer(1).line("run 1");
    await drain(before, 0);
    const output = reader(before.place);
    writer(2).line("run 2");
    const pieces = await drain(output, 1);
    expect(textsOf(pieces)).toEqual(["run 2"]);
    expect(endsOf(pieces)).toEqual([1]);
  });
});

test("the store may send the reader back, or on", async () => {
  const files = writer();
  for (const text of ["one", "two", "three"]) files.line(text);
  const bytes = readFileSync(join(folder, "0.log"));
  const second = bytes.indexOf("\n") + 1;
  const output = reader();
  const first = await output.next(-1);
  output.settle(second);
  const again = await output.next(-1);
  expect([first?.from, again?.from]).toEqual([0, second]);
  expect(textsOf([again as OutputPiece])).toEqual(["two", "three"]);
  output.settle(0);
  expect(textsOf(await drain(output))).toEqual(["one", "two", "three"]);
});

test("whatever the node does and wherever readers are killed, each line is read once from where they were", async () => {
  const step = fc.constantFrom("line", "line", "long", "aside", "tidy", "read", "kill");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      const files = writer(0, 50);
      let output = reader();
      const wanted: string[] = [];
      const found: string[] = [];
      for (const each of steps) {
        if (each === "line" || each === "long") {
          wanted.push(`${wanted.length} ${"ü".repeat(each === "long" ? 100 : 3)}`);
          files.line(wanted.at(-1) ?? "", wanted.length % 3 === 0 ? "stderr" : "stdout");
        } else if (each === "aside") {
          files.putAside();
          files.reopen();
        } else if (each === "tidy") files.tidy(100);
        else if (each === "read") {
          const piece = await output.next(-1);
          if (piece) {
            found.push(...textsOf([piece]));
            output.settle(piece.to);
          }
          now += 300;
        } else output = reader(output.place);
      }
      found.push(...textsOf(await drain(output)));
      expect(found).toEqual(wanted);
    }),
    { numRuns: 150 },
  );
});
