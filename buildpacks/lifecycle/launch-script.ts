import type { EnvOperation } from "./env-operations.ts";
import type { LaunchContribution } from "./launch-contribution.ts";
import type { LaunchProcess } from "./launch-metadata.ts";
import { isVariableName, quote, quoteExpanding } from "./shell-words.ts";

/**
 * The part of the launcher that is written at export: what to set, and what to run, as shell text that the launcher
 * sources. `contributions` are those of all launch layers, one list for each buildpack, in the order of the build.
 * Programs and scripts of every process run before those of one type (Platform API 0.15, launcher, "Execution").
 * Without a process it is what any other command gets.
 */
export function makeLaunchScript(
  contributions: readonly (readonly LaunchContribution[])[],
  process: LaunchProcess | undefined,
): string {
  const types = process ? ["", process.type] : [""];
  const all = contributions.flat();
  const operations = contributions.flatMap((layers) => [
    ...layers.toReversed().flatMap(({ paths }) => paths),
    ...layers.flatMap(({ env }) => types.flatMap((type) => env[type] ?? [])),
  ]);
  const filesOf = (key: "execD" | "profiles") =>
    types.flatMap((type) => all.flatMap((contribution) => contribution[key][type] ?? []));
  const lines = [
    ...operations.flatMap(operationLines),
    ...filesOf("execD").map((file) => `_cnb_exec_d ${quote(file)}`),
    `_cnb_profiles=${quote(filesOf("profiles").join("\n"))}`,
    ...(process ? processLines(process) : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Variables a shell cannot name are left alone. */
function operationLines({ name, action, value, delimiter }: EnvOperation): string[] {
  if (!isVariableName(name)) return [];
  const set = (text: string) => `${name}=${text}; export ${name}`;
  const current = `"$${name}"`;
  const joined =
    action === "append" ? current + quote(delimiter + value) : quote(value + delimiter) + current;
  if (action === "override") return [set(quote(value))];
  if (action === "default") return [`[ -n "\${${name}-}" ] || { ${set(quote(value))}; }`];
  return [`if [ -n "\${${name}-}" ]; then ${set(joined)}; else ${set(quote(value))}; fi`];
}

/** Gives the launcher its command as positional parameters, the user's arguments already among them. */
function processLines(process: LaunchProcess): string[] {
  const { command, args, replaceArgs, direct, workingDir, execEnv } = process;
  const lines: string[] = [];
  if (execEnv.length > 0 && !execEnv.includes("*"))
    lines.push(`_cnb_only_in ${execEnv.map(quote).join(" ")}`);
  if (workingDir) lines.push(`_cnb_directory=${quote(workingDir)}`);
  if (direct) {
    if (args.length > 0) {
      const words = args.map(quote).join(" ");
      lines.push(replaceArgs ? `[ $# -gt 0 ] || set -- ${words}` : `set -- ${words} "$@"`);
    }
    lines.push("_cnb_shell=", `set -- ${command.map(quote).join(" ")} "$@"`);
    return lines;
  }
  const [program = "", ...rest] = command;
  const words = [...rest, ...args];
  const script =
    words.length === 0 ? program : `exec ${[program, ...words].map(quoteExpanding).join(" ")} "$@"`;
  lines.push("_cnb_shell=yes", `_cnb_script=${quote(script)}`);
  return lines;
}
