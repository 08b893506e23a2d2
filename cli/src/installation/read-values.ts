import { parse, YAMLParseError } from "yaml";
import { CliError } from "../cli-error.ts";
import { ROLES } from "./role-table.ts";
import { bytesIn, isFields } from "./value-readers.ts";
import { type InstallationValues, TRACE_ADDRESSES, VALUES, type ValueName } from "./value-table.ts";

/** What somebody gave, from the first to the last: later ones win. */
export interface GivenValues {
  /** The text of a file of values, YAML, and its name for messages. */
  readonly file?: { readonly name: string; readonly text: string };
  /** `a.b=c`, where c is YAML. */
  readonly sets: readonly string[];
}

/** A value as it was given, by its path. */
export type Overrides = Readonly<Record<string, unknown>>;

/**
 * All values of an installation, those not given as they are by default.
 * @throws CliError `usage` that names every mistake; a value that is secret is not repeated
 */
export function completeValues(overrides: Overrides): InstallationValues {
  const mistakes: string[] = [];
  const known = Object.keys(VALUES) as ValueName[];
  const unknown = Object.keys(overrides).filter((name) => !Object.hasOwn(VALUES, name));
  mistakes.push(...unknown.map((name) => `there is no value ${name}${nearest(name, known)}`));
  const complete = Object.fromEntries(
    known.map((name) => {
      const { fallback, form, read, secret } = VALUES[name];
      const given = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
      if (given === undefined || given === null) return [name, fallback];
      const value = read(given);
      if (value !== undefined) return [name, value];
      mistakes.push(`${name} must be ${form}${secret ? "" : `, not ${sayGiven(given)}`}`);
      return [name, fallback];
    }),
  ) as InstallationValues;
  mistakes.push(...contradictions(complete));
  if (mistakes.length === 0) return complete;
  throw new CliError(
    "usage",
    `The values are not right:\n${mistakes.map((one) => `  - ${one}`).join("\n")}\nAll values are in docs/guides/install.md.`,
  );
}

/** Without what stands before the host in an address, which may be a password. */
function sayGiven(given: unknown): string {
  return JSON.stringify(given).replace(/:\/\/(?:[^"\\]|\\.)*@/g, "://...@");
}

/** Without headers for a collector, which hold a credential: settings lie in a ConfigMap. */
const TRACE_SETTINGS = [...TRACE_ADDRESSES, "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER_ARG"];
const SETTING = new RegExp(`^(?:CONIFER_[A-Z][A-Z0-9_]*|${TRACE_SETTINGS.join("|")})$`);
const COLLECTOR = { test: (given: string) => /^https?:\/\/[^\s@]+$/.test(given) && URL.canParse(given) };

function contradictions(values: InstallationValues): string[] {
  const said: string[] = [];
  const places = [
    ...[values.appsNamespace, values.buildsNamespace, values.agentsNamespace],
    values["dockerfiles.namespace"],
  ];
  if (new Set(places).size < places.length)
    said.push("appsNamespace, buildsNamespace, agentsNamespace and dockerfiles.namespace must differ");
  if (values["registry.s3"] !== undefined && values["registry.s3Credentials"] === undefined)
    said.push("registry.s3Credentials must name a Secret when registry.s3 names a bucket");
  if (values["registry.s3"] === undefined && values["registry.replicas"] > 1)
    said.push("registry.replicas can be more than 1 only with a bucket (registry.s3)");
  const foreign = Object.keys(values.settings).filter((name) => !SETTING.test(name));
  said.push(
    ...foreign.map(
      (name) => `settings may hold only CONIFER_... names and ${TRACE_SETTINGS.join(", ")}, not ${name}`,
    ),
  );
  for (const name of TRACE_ADDRESSES) {
    const address = values.settings[name];
    // A role would not start.
    if (address !== undefined && !COLLECTOR.test(address))
      said.push(`settings.${name} must be an http or https address without a user`);
  }
  for (const role of ROLES) {
    const [asked, most] = [values[`${role}.memory`], values[`${role}.memoryLimit`]];
    // A cluster would refuse the role's pods, one after the other.
    if (bytesIn(asked) > bytesIn(most))
      said.push(`${role}.memory (${asked}) must not be more than ${role}.memoryLimit (${most})`);
  }
  return said;
}

/** Reads what was given into values by path. @throws CliError `usage` */
export function readGiven({ file, sets }: GivenValues): Overrides {
  const found: Record<string, unknown> = file ? flatten(parseFile(file.name, file.text)) : {};
  for (const set of sets) {
    const cut = set.indexOf("=");
    if (cut < 1) throw new CliError("usage", "--set takes <path>=<value>, such as router.replicas=3.");
    const nested = set
      .slice(0, cut)
      .split(".")
      .reduceRight<unknown>((value, name) => ({ [name]: value }), parseScalar(set, cut));
    for (const [path, value] of Object.entries(flatten(nested as Record<string, unknown>))) {
      const before = found[path];
      found[path] = isFields(before) && isFields(value) ? { ...before, ...value } : value;
    }
  }
  return found;
}

function parseFile(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" }) ?? {};
  } catch (thrown) {
    // The parser's own words quote the line, which may hold a password.
    const line = thrown instanceof YAMLParseError ? thrown.linePos?.[0].line : undefined;
    throw new CliError("usage", `${name} is no valid YAML${line ? `; see line ${line}` : ""}.`);
  }
  if (isFields(value)) return value;
  throw new CliError("usage", `${name} must hold names with values.`);
}

function parseScalar(set: string, cut: number): unknown {
  try {
    return parse(set.slice(cut + 1), { logLevel: "error" });
  } catch {
    throw new CliError(
      "usage",
      `The value of --set ${set.slice(0, cut)} is no valid YAML; put it in quotes.`,
    );
  }
}

/** Nested names become paths, as deep as there are values: what is below a value belongs to it. */
function flatten(fields: Readonly<Record<string, unknown>>, prefix = ""): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const path = `${prefix}${name}`;
    const isPart = !Object.hasOwn(VALUES, path) && isFields(value);
    if (isPart) Object.assign(flat, flatten(value, `${path}.`));
    else flat[path] = value;
  }
  return flat;
}

/** `; did you mean …?` for a name that is nearly one of ours. */
function nearest(name: string, known: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, "");
  const found =
    known.find((one) => plain(one) === plain(name)) ??
    known.find((one) => one.endsWith(`.${name}`) || plain(one).startsWith(plain(name)));
  return found ? `; did you mean ${found}?` : "";
}
