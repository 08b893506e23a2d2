import { collect, never, specOf } from "../../../delivery/build/builder-suite.ts";
import { makeBuildBench, makeSandboxedRunner } from "./build-fixtures.ts";
import { startEmbeddedBuilder } from "./embedded-builder.ts";

/** A machine as it might be elsewhere: what phases see of it, and the umask of who runs Conifer. */
export interface Elsewhere {
  readonly clock: string;
  readonly umask: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Has the phase programs, and all else that runs with Node.js, believe that it is that time. */
function clockAt(time: string): string {
  const code =
    `const Real=Date;globalThis.Date=class extends Real{constructor(...given){super(...(given.length?given:[${Date.parse(time)}]))}` +
    `static now(){return ${Date.parse(time)}}}`;
  return `--import=data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}

/** The digest of the image that a machine makes of a source, in a home of its own. */
export async function digestOn(
  { clock, umask, env }: Elsewhere,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const before = process.umask(umask);
  const bench = await makeBuildBench(async (home) => {
    const runner = await makeSandboxedRunner(home);
    const elsewhere = { ...env, NODE_OPTIONS: clockAt(clock) };
    return {
      ...runner,
      run: (job, signal) => runner.run({ ...job, env: { ...job.env, ...elsewhere } }, signal),
    };
  });
  const { builder, stop } = await startEmbeddedBuilder(bench.options);
  try {
    const spec = specOf(await bench.addSource(files), { env: { WHEN: clock } });
    const { results, text } = await collect(builder.build(spec, never()));
    const [result] = results;
    if (result?.kind !== "succeeded") throw new Error(`the build failed: ${text}`);
    return result.image.digest;
  } finally {
    await stop();
    await bench.dispose();
    process.umask(before);
  }
}

// As a program, for a test that has somebody else run it: prints the digest.
if (import.meta.main) {
  const [elsewhere = "", files = ""] = process.argv.slice(2);
  console.log(await digestOn(JSON.parse(elsewhere), JSON.parse(files)));
}
