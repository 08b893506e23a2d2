import { basename } from "node:path";
import type { FileMeasure } from "./measure-file.ts";

/** The sizes that code keeps to (CONTRIBUTING.md, "Sizes"). They are smoke alarms: split where the idea splits. */
export const LIMITS = {
  fileLines: { median: 100, p95: 350, most: 500 },
  functionLines: { p95: 60, most: 80 },
  parameters: 4,
  imports: 15,
  testsPerSource: 1.2,
  testsPerCriticalSource: 2,
} as const;

/** Where a mistake costs requests or data: twice as many lines of tests as of source. */
const CRITICAL: readonly { readonly name: string; readonly source: RegExp; readonly test: RegExp }[] = [
  { name: "reconcilers", source: /-reconciler\.ts$/, test: /-reconciler(?:[.-][a-z-]+)*\.test\.ts$/ },
  { name: "the proxy", source: /^platform\/src\/edge\/proxy\//, test: /^platform\/src\/edge\/proxy\// },
  {
    name: "the autoscaler",
    source: /^platform\/src\/runtime\/autoscale\//,
    test: /^platform\/src\/runtime\/autoscale\//,
  },
];

/** Not under test as code is: entries by hand, which the generated contract's tests hold, and measurements. */
const NOT_WEIGHED = /^(?:contract\/supplement|bench)\/(?!.*\.test\.ts$)/;

const NAMELESS = /(?:^|-)(?:utils?|helpers?|common|misc|manager|service)(?:[-.]|$)/;

/** Every way in which the files break the rules, as sentences. */
export function judgeSizes(files: readonly FileMeasure[]): string[] {
  return [
    ...files.flatMap(judgeFile),
    ...judgeNames(files),
    ...judgeDistribution(files.filter(({ kind }) => kind === "source")),
    ...judgeTests(files),
  ];
}

function judgeFile(file: FileMeasure): string[] {
  const said: string[] = [];
  const { path, lines, imports, kind, functions } = file;
  if (lines > LIMITS.fileLines.most)
    said.push(`${path} has ${lines} lines; ${LIMITS.fileLines.most} are allowed`);
  if (kind === "test") return said;
  if (imports > LIMITS.imports && !path.startsWith("platform/src/compose/")) {
    said.push(`${path} has ${imports} imports; ${LIMITS.imports} are allowed`);
  }
  for (const { name, line, lines: long, parameters } of functions) {
    const where = `${path}:${line} ${name}`;
    if (long > LIMITS.functionLines.most) {
      said.push(`${where} has ${long} lines; ${LIMITS.functionLines.most} are allowed`);
    }
    if (parameters > LIMITS.parameters) {
      said.push(`${where} takes ${parameters} parameters; more than ${LIMITS.parameters} go in one object`);
    }
  }
  return said;
}

function judgeNames(files: readonly FileMeasure[]): string[] {
  const byName = Map.groupBy(files, ({ path }) => basename(path));
  const twice = [...byName].filter(([name, same]) => name !== "index.ts" && same.length > 1);
  return [
    ...twice.map(([, same]) => `these files share a name: ${same.map(({ path }) => path).join(", ")}`),
    ...files
      .filter(({ path }) => NAMELESS.test(basename(path)))
      .map(({ path }) => `${path}: a name that says nothing; name the one thing it is`),
  ];
}

function judgeDistribution(files: readonly FileMeasure[]): string[] {
  const said: string[] = [];
  const check = (what: string, values: readonly number[], share: number, limit: number) => {
    const found = quantile(values, share);
    if (found > limit) said.push(`${what} is ${found} lines; ${limit} are allowed`);
  };
  const lines = files.map((file) => file.lines);
  const long = files.flatMap(({ functions }) => functions.map((one) => one.lines));
  check("the median of the files", lines, 0.5, LIMITS.fileLines.median);
  check("the 95th percentile of the files", lines, 0.95, LIMITS.fileLines.p95);
  check("the 95th percentile of the functions", long, 0.95, LIMITS.functionLines.p95);
  return said;
}

function judgeTests(files: readonly FileMeasure[]): string[] {
  const said: string[] = [];
  const ratio = (name: string, source: number, test: number, least: number) => {
    if (test < least * source) {
      said.push(
        `${name}: ${test} lines of tests for ${source} of source; at least ${Math.ceil(least * source)} are wanted`,
      );
    }
  };
  const count = (kind: FileMeasure["kind"], pattern = /./, among = files) =>
    among
      .filter((file) => file.kind === kind && pattern.test(file.path))
      .reduce((sum, { lines }) => sum + lines, 0);
  const weighed = files.filter(({ path }) => !NOT_WEIGHED.test(path));
  ratio("the whole tree", count("source", /./, weighed), count("test"), LIMITS.testsPerSource);
  for (const { name, source, test } of CRITICAL) {
    ratio(name, count("source", source), count("test", test), LIMITS.testsPerCriticalSource);
  }
  return said;
}

/** The smallest value that this share of the values does not exceed; 0 when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
