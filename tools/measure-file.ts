import { parseSync } from "oxc-parser";
import type { SourceFile } from "./source-files.ts";

export interface FunctionMeasure {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
}

export interface FileMeasure {
  readonly path: string;
  /** `test` also holds what only tests use: fixtures, suites of a port, fakes. */
  readonly kind: "source" | "test";
  readonly lines: number;
  readonly imports: number;
  readonly functions: readonly FunctionMeasure[];
}

const TEST = /\.test\.ts$|-(?:fixtures|suite|fake)\.ts$|^conformance\//;
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Counts lines, imports and the functions of one file. */
export function measureFile({ path, text }: SourceFile): FileMeasure {
  const kind = TEST.test(path) ? "test" : "source";
  const lines = text.replace(/\n$/, "").split("\n").length;
  if (path.endsWith(".sh")) return { path, kind, lines, imports: 0, functions: [] };
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const body = program.body as unknown as readonly Node[];
  const imports = body.filter(({ type }) => type === "ImportDeclaration").length;
  const functions: FunctionMeasure[] = [];
  const lineOf = lineFinder(text);
  walk(program as unknown as Node, undefined, (node, parent) => {
    if (!FUNCTIONS.has(node.type)) return;
    const line = lineOf(node.start);
    functions.push({
      name: nameOf(node, parent),
      line,
      lines: lineOf(node.end) - line + 1,
      parameters: parametersOf(node),
    });
  });
  return { path, kind, lines, imports, functions };
}

function walk(
  node: Node,
  parent: Node | undefined,
  visit: (node: Node, parent: Node | undefined) => void,
): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === "object" && typeof child.type === "string")
        walk(child as Node, node, visit);
    }
  }
}

/** `this` is a type annotation that TypeScript writes as a parameter. */
function parametersOf(node: Node): number {
  const found = node.params;
  const list = (Array.isArray(found) ? found : ((found as Node | undefined)?.items ?? [])) as readonly Node[];
  return list.filter((one) => one.name !== "this").length;
}

function nameOf(node: Node, parent: Node | undefined): string {
  const named = (node.id ?? parent?.id ?? parent?.key) as
    | { name?: string; value?: string }
    | null
    | undefined;
  return named?.name ?? String(named?.value ?? "a function");
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
