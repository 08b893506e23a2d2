import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes the folder `/cnb/conifer` of a builder image: what a build pod runs before and after the phases, and what lets its
 * containers run one after the other.
 */
export async function bundlePodPrograms(target: string): Promise<void> {
  const esbuild = await import("esbuild");
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  try {
    await esbuild.build({
      entryPoints: [join(import.meta.dirname, "pod-program.ts")],
      outfile: join(target, "pod.mjs"),
      bundle: true,
      platform: "node",
      target: "node24",
      format: "esm",
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "error",
      // Packages that are CommonJS call require for Node's own modules.
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
    });
  } finally {
    // The bundler is a process of its own that would stay.
    await esbuild.stop();
  }
  await copyFile(join(import.meta.dirname, "take-turn.sh"), join(target, "take-turn"));
  await chmod(join(target, "take-turn"), 0o755);
  await chmod(join(target, "pod.mjs"), 0o644);
}
