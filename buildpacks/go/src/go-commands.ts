import type { LaunchProcess } from "../../shared/launch-file.ts";

/** A package `main`, as `go list` tells of it. */
export interface GoCommand {
  readonly importPath: string;
  /** What Go calls its binary. */
  readonly name: string;
  /** The path of its module. */
  readonly module: string;
}

/** For `go list -f`: one line a command, nothing for other packages. */
export const COMMAND_FORMAT =
  '{{if eq .Name "main"}}{{.ImportPath}}{{"\\t"}}{{.Target}}{{"\\t"}}{{with .Module}}{{.Path}}{{end}}{{end}}';

export function readCommands(output: string): readonly GoCommand[] {
  return output.split("\n").flatMap((line) => {
    const [importPath, target, module] = line.split("\t");
    const name = target?.split("/").at(-1);
    return importPath && name ? [{ importPath, name, module: module ?? "" }] : [];
  });
}

/**
 * Which of all commands are built where the app does not say: those at the top of a module and in its `cmd` folder.
 * Others are often examples or tools of the developers; they are built only where there is nothing else.
 */
export function chooseCommands(all: readonly GoCommand[]): readonly GoCommand[] {
  const usual = all.filter((one) => isTop(one) || one.importPath.startsWith(`${one.module}/cmd/`));
  return usual.length > 0 ? usual : all;
}

/** The names that more than one command would have: the later binary would replace the earlier one. */
export function sharedNames(commands: readonly GoCommand[]): readonly string[] {
  const names = commands.map(({ name }) => name);
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

/** The command that serves the web by default: the only one, the one called `web`, or the only one at a module's top. */
export function webCommand(commands: readonly GoCommand[]): GoCommand | undefined {
  if (commands.length === 1) return commands[0];
  const tops = commands.filter(isTop);
  return commands.find(({ name }) => name === "web") ?? (tops.length === 1 ? tops[0] : undefined);
}

/**
 * The app's processes: `web`, and without a Procfile each other command under its own name. Binaries are on PATH and
 * run without a shell.
 */
export function commandProcesses(
  commands: readonly GoCommand[],
  hasProcfile: boolean,
): readonly LaunchProcess[] {
  const web = webCommand(commands);
  const others = hasProcfile ? [] : commands.filter((one) => one !== web && isProcessType(one.name));
  const start = ({ name }: GoCommand, type: string) => ({
    ...{ type, command: [name], args: [] },
    default: type === "web",
  });
  return [...(web ? [start(web, "web")] : []), ...others.map((one) => start(one, one.name))];
}

/** Buildpack API: types of letters, digits, `-` and `_`. */
function isProcessType(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name);
}

function isTop({ importPath, module }: GoCommand): boolean {
  return importPath === module;
}
