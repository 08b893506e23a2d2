import { readAccessFile } from "./access-file.ts";
import { writeCaBundle } from "./ca-bundle.ts";
import { readConfig } from "./config.ts";
import { environmentChanges, shellLines } from "./env-exports.ts";

/**
 * `npm run -s env`: lines for `eval`. Without an instance it prints nothing and ends with status 1, so that
 * the shell's variables stay as they are.
 */
function main(): number {
  const { home } = readConfig(process.env);
  const access = readAccessFile(home);
  if (!access) {
    if (process.stderr.isTTY) console.error(`No Conifer was ever ready in ${home.root}. Start it: npm start`);
    return 1;
  }
  const caBundle = writeCaBundle(home, process.env.NODE_EXTRA_CA_CERTS);
  const withToken = process.argv.includes("--token");
  process.stdout.write(shellLines(environmentChanges({ access, env: process.env, caBundle, withToken })));
  return 0;
}

try {
  process.exitCode = main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
