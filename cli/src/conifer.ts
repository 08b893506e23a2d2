import { CliError, EXIT_STATUS } from "./cli-error.ts";

const USAGE = `Conifer in a Kubernetes cluster.

  conifer install       put Conifer into a cluster, or upgrade what is there
  conifer uninstall     take it out again
  conifer connect       reach an installation from this machine
  conifer accounts      make accounts, and take their access away
  conifer images        give it the images that it builds with
  conifer rebase        bring apps onto a patched run image
  conifer signing-keys  what it signs images with: list, rotate, revoke

\`conifer <command> --help\` tells more.
`;

/** Runs a command with its arguments; resolves with the exit status. */
type Command = (args: readonly string[]) => Promise<number>;

/** The path of a command's file is what the user types. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly run: Command }>>> = {
  accounts: () => import("./commands/accounts.ts"),
  connect: () => import("./commands/connect.ts"),
  images: () => import("./commands/images.ts"),
  install: () => import("./commands/install.ts"),
  rebase: () => import("./commands/rebase.ts"),
  "signing-keys": () => import("./commands/signing-keys.ts"),
  uninstall: () => import("./commands/uninstall.ts"),
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      process.stdout.write(USAGE);
      return name === undefined ? EXIT_STATUS.usage : 0;
    }
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!load) throw new CliError("usage", `There is no command ${name}. \`conifer --help\` lists them.`);
    return await (await load()).run(args);
  } catch (thrown) {
    const told = saidBy(thrown);
    const isOurs = !(told instanceof CliError) && process.env.CONIFER_LOG_LEVEL === "debug";
    process.stderr.write(`${isOurs ? told.stack : told.message}\n`);
    return EXIT_STATUS[told instanceof CliError ? told.failure : "failed"];
  }
}

/** What was aborted says so itself; why is its cause. */
function saidBy(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  return thrown.name === "AbortError" && thrown.cause instanceof Error ? thrown.cause : thrown;
}

process.exitCode = await main(process.argv.slice(2));
