import { runPhase } from "./run-phase.ts";

// The name of the phase is the first argument: the phase programs in /cnb/lifecycle are scripts that put it there.
const [phase = "", ...argv] = process.argv.slice(2);
// Modes of files made by buildpacks become part of the image; they must not depend on who started the build.
process.umask(0o022);
process.exitCode = await runPhase({
  phase,
  argv,
  env: process.env,
  out: (text) => process.stdout.write(text),
  problems: (text) => process.stderr.write(text),
});
