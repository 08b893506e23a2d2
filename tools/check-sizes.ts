import { measureFile } from "./measure-file.ts";
import { judgeSizes, quantile } from "./size-rules.ts";
import { readSourceFiles } from "./source-files.ts";

const files = readSourceFiles(".").map(measureFile);
const said = judgeSizes(files);
for (const sentence of said) console.log(sentence);

const sources = files.filter(({ kind }) => kind === "source");
const total = (kind: string) =>
  files.filter((file) => file.kind === kind).reduce((sum, { lines }) => sum + lines, 0);
const lines = sources.map((file) => file.lines);
const long = sources.flatMap(({ functions }) => functions.map((one) => one.lines));
console.log(
  `${sources.length} source files: median ${quantile(lines, 0.5)} lines, p95 ${quantile(lines, 0.95)}; ` +
    `${long.length} functions: p95 ${quantile(long, 0.95)}; ` +
    `tests to source ${(total("test") / total("source")).toFixed(2)}`,
);
process.exitCode = said.length > 0 ? 1 : 0;
