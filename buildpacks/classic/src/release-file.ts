import { parse } from "yaml";

/** What a classic buildpack's `bin/release` says, as far as it means something here. */
export interface ReleaseFile {
  readonly processes: readonly { readonly type: string; readonly command: string }[];
  readonly configVars: Readonly<Record<string, string>>;
  /** Add-ons it wishes for: told, not made. */
  readonly addons: readonly string[];
  /** What was there and could not be read, in words for the person who pushes. */
  readonly warnings: readonly string[];
}

const MOST_BYTES = 64 * 1024;

/**
 * Reads the YAML that `bin/release` prints: `default_process_types`, `config_vars`, `addons` (classic Buildpack API,
 * "bin/release"). What is not understood is warned of and left out; a build does not fail for it.
 */
export function readReleaseFile(text: string): ReleaseFile {
  const nothing = { processes: [], configVars: {}, addons: [] };
  if (Buffer.byteLength(text) > MOST_BYTES)
    return {
      ...nothing,
      warnings: [`bin/release printed more than ${MOST_BYTES / 1024} KiB, which is not read.`],
    };
  let file: unknown;
  try {
    // Aliases could blow a small file up.
    file = parse(text, { maxAliasCount: 0, logLevel: "error" });
  } catch (cause) {
    return {
      ...nothing,
      warnings: [`bin/release printed no YAML: ${String((cause as Error).message).split("\n")[0]}`],
    };
  }
  const warnings: string[] = [];
  const top = tableOf(file);
  const entries = (key: string) =>
    Object.entries(tableOf(top[key])).flatMap(([name, value]): [string, string][] => {
      if (["string", "number", "boolean"].includes(typeof value)) return [[name, String(value)]];
      warnings.push(`bin/release gives no text for ${name} of ${key}.`);
      return [];
    });
  const processes = entries("default_process_types").flatMap(([type, command]) => {
    if (/^[A-Za-z0-9_-]+$/.test(type) && command.trim() !== "") return [{ type, command }];
    warnings.push(`bin/release names the process type "${type}", which cannot be one.`);
    return [];
  });
  const configVars = entries("config_vars").filter(([name]) => {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return true;
    warnings.push(`bin/release sets "${name}", which no variable can be called.`);
    return false;
  });
  const addons = Array.isArray(top.addons) ? top.addons.map(String) : [];
  return { processes, configVars: Object.fromEntries(configVars), addons, warnings };
}

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
