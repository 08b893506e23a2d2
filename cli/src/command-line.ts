import { parseArgs } from "node:util";
import { CliError } from "./cli-error.ts";

/** Options of a command, as `parseArgs` takes them. */
export type OptionShapes = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/** Those that say which cluster and which installation is meant. */
export const CLUSTER_OPTIONS = {
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string", default: "conifer-system" },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies OptionShapes;

const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Reads the options of a command that takes no words. @throws CliError `usage` that names the mistake */
export function readOptions<T extends OptionShapes>(command: string, args: readonly string[], options: T) {
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    const { namespace } = values as { namespace?: string };
    if (namespace !== undefined && !NAMESPACE.test(namespace)) {
      throw new Error(`--namespace takes the name of a namespace, not "${namespace}"`);
    }
    return values;
  } catch (thrown) {
    const said = (thrown as Error).message.split(". ")[0];
    throw new CliError("usage", `${said}. \`conifer ${command} --help\` shows what can be said.`);
  }
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `90s`, `10m`, `1h`: milliseconds. @throws CliError `usage` */
export function readDuration(option: string, text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,4})(s|m|h)$/.exec(text) ?? [];
  if (amount && unit) return Number(amount) * UNITS[unit as keyof typeof UNITS];
  throw new CliError("usage", `${option} takes a time such as 90s or 10m, not "${text}".`);
}

/** @throws CliError `usage` for what is no port; 0 is any that is free */
export function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new CliError("usage", `${option} takes a port from 0 to 65535, not "${text}".`);
}
