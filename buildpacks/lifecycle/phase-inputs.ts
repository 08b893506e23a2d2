import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXIT, PhaseError } from "./phase-error.ts";

interface InputRule {
  readonly env?: string;
  /** `<layers>` stands for the layers folder. */
  readonly fallback?: string;
  readonly kind?: "flag" | "list";
}

/** Every input of every phase (Platform API 0.15, the "Inputs" tables). */
const RULES = {
  analyzed: { env: "CNB_ANALYZED_PATH", fallback: "<layers>/analyzed.toml" },
  app: { env: "CNB_APP_DIR", fallback: "/workspace" },
  "build-config": { env: "CNB_BUILD_CONFIG_DIR", fallback: "/cnb/build-config" },
  "build-image": { env: "CNB_BUILD_IMAGE" },
  buildpacks: { env: "CNB_BUILDPACKS_DIR", fallback: "/cnb/buildpacks" },
  "cache-dir": { env: "CNB_CACHE_DIR" },
  "cache-image": { env: "CNB_CACHE_IMAGE" },
  daemon: { env: "CNB_USE_DAEMON", kind: "flag" },
  extended: { env: "CNB_EXTENDED_DIR", fallback: "<layers>/extended" },
  extensions: { env: "CNB_EXTENSIONS_DIR", fallback: "/cnb/extensions" },
  force: { env: "CNB_FORCE_REBASE", kind: "flag" },
  generated: { env: "CNB_GENERATED_DIR", fallback: "<layers>/generated" },
  gid: { env: "CNB_GROUP_ID", fallback: "0" },
  group: { env: "CNB_GROUP_PATH", fallback: "<layers>/group.toml" },
  image: {},
  "insecure-registry": { env: "CNB_INSECURE_REGISTRIES", kind: "list" },
  "kaniko-dir": {},
  "launch-cache": { env: "CNB_LAUNCH_CACHE_DIR" },
  launcher: { fallback: "/cnb/lifecycle/launcher" },
  "launcher-sbom": { fallback: "/cnb/lifecycle" },
  layers: { env: "CNB_LAYERS_DIR", fallback: "/layers" },
  layout: { env: "CNB_USE_LAYOUT", kind: "flag" },
  "layout-dir": { env: "CNB_LAYOUT_DIR" },
  "log-level": { env: "CNB_LOG_LEVEL", fallback: "info" },
  order: { env: "CNB_ORDER_PATH" },
  parallel: { env: "CNB_PARALLEL_EXPORT", kind: "flag" },
  plan: { env: "CNB_PLAN_PATH", fallback: "<layers>/plan.toml" },
  platform: { env: "CNB_PLATFORM_DIR", fallback: "/platform" },
  "previous-image": { env: "CNB_PREVIOUS_IMAGE" },
  "process-type": { env: "CNB_PROCESS_TYPE" },
  "project-metadata": { env: "CNB_PROJECT_METADATA_PATH", fallback: "<layers>/project-metadata.toml" },
  report: { env: "CNB_REPORT_PATH", fallback: "<layers>/report.toml" },
  run: { env: "CNB_RUN_PATH", fallback: "/cnb/run.toml" },
  "run-image": { env: "CNB_RUN_IMAGE" },
  "skip-layers": { env: "CNB_SKIP_LAYERS", kind: "flag" },
  "skip-restore": { env: "CNB_SKIP_RESTORE", kind: "flag" },
  system: { env: "CNB_SYSTEM_PATH", fallback: "/cnb/system.toml" },
  tag: { kind: "list" },
  uid: { env: "CNB_USER_ID", fallback: "0" },
} as const satisfies Record<string, InputRule>;

export type InputName = keyof typeof RULES;

const COMMON = ["layers", "log-level"] as const;
const IMAGES = ["daemon", "gid", "insecure-registry", "layout", "layout-dir", "uid"] as const;
const CACHE = ["cache-dir", "cache-image"] as const;

const ACCEPTED = {
  analyzer: [
    ...[
      "analyzed",
      "cache-image",
      "launch-cache",
      "previous-image",
      "run",
      "run-image",
      "skip-layers",
      "tag",
    ],
    ...[...COMMON, ...IMAGES],
  ],
  detector: [
    ...["analyzed", "app", "buildpacks", "build-config", "extensions", "generated", "group", "order", "plan"],
    ...["platform", "run", "system", ...COMMON],
  ],
  restorer: [
    ...["analyzed", "build-image", "group", "kaniko-dir", "skip-layers", "run"],
    ...[...COMMON, ...CACHE, ...IMAGES],
  ],
  builder: ["analyzed", "app", "buildpacks", "build-config", "group", "plan", "platform", ...COMMON],
  exporter: [
    ...["analyzed", "app", "extended", "group", "launch-cache", "launcher", "launcher-sbom", "parallel"],
    ...["process-type", "project-metadata", "report", "run", ...COMMON, ...CACHE, ...IMAGES],
  ],
  creator: [
    ...["app", "buildpacks", "build-config", "launch-cache", "launcher", "order", "parallel", "platform"],
    ...["previous-image", "process-type", "project-metadata", "report", "run", "run-image", "skip-restore"],
    ...["tag", ...COMMON, ...CACHE, ...IMAGES],
  ],
  rebaser: ["force", "image", "previous-image", "report", "run-image", ...COMMON, ...IMAGES],
} as const satisfies Record<string, readonly InputName[]>;

export type PhaseName = keyof typeof ACCEPTED;

export function isPhaseName(name: string): name is PhaseName {
  return Object.hasOwn(ACCEPTED, name);
}

/** A phase's inputs, complete: what the command line says, else the environment, else the default. */
export interface PhaseInputs {
  /** Empty when the input was not given and has no default. */
  text(name: InputName): string;
  flag(name: InputName): boolean;
  /** Throws when it is not a whole number from 0 on. */
  number(name: InputName): number;
  list(name: InputName): readonly string[];
  /** The positional `<image>` arguments. */
  readonly images: readonly string[];
  /** CNB_EXEC_ENV. */
  readonly execEnv: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads a phase's command line. Throws on a flag the phase does not have and on a flag without its value. */
export function readInputs(
  phase: PhaseName,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PhaseInputs {
  const given = parseArguments(phase, argv);
  const raw = (name: InputName): string | undefined => {
    const rule: InputRule = RULES[name];
    return given.values.get(name)?.at(-1) ?? (rule.env ? env[rule.env] || undefined : undefined);
  };
  const layers = raw("layers") ?? RULES.layers.fallback;
  const text = (name: InputName): string => {
    const rule: InputRule = RULES[name];
    const value = raw(name) ?? rule.fallback?.replace("<layers>", layers) ?? "";
    return name === "order" && value === "" ? defaultOrder(layers) : value;
  };
  const execEnv = env.CNB_EXEC_ENV || "production";
  if (execEnv.includes("/"))
    throw new PhaseError(EXIT.failed, `CNB_EXEC_ENV "${execEnv}" must not hold a "/".`);
  return {
    text,
    number: (name) => wholeNumber(name, text(name)),
    flag: (name) => /^(1|t|true)$/i.test(raw(name) ?? ""),
    list: (name) => given.values.get(name) ?? raw(name)?.split(",") ?? [],
    images: given.images,
    execEnv,
    env,
  };
}

function wholeNumber(name: InputName, value: string): number {
  if (/^\d{1,10}$/.test(value)) return Number(value);
  throw new PhaseError(EXIT.failed, `-${name} is a whole number, not "${value}".`);
}

function defaultOrder(layers: string): string {
  const own = join(layers, "order.toml");
  return existsSync(own) ? own : "/cnb/order.toml";
}

/** Flags are `-name value` or `-name=value`, with one dash or two; what begins without a dash, or follows `--`, is an image. */
function parseArguments(phase: PhaseName, argv: readonly string[]) {
  const values = new Map<string, string[]>();
  const images: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      images.push(...rest);
      break;
    }
    if (!word.startsWith("-")) {
      images.push(word);
      continue;
    }
    const match = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word);
    if (!match) throw new PhaseError(EXIT.failed, `${phase} has no flag ${word}.`);
    const name = match[1] as InputName;
    if (!(ACCEPTED[phase] as readonly string[]).includes(name))
      throw new PhaseError(EXIT.failed, `${phase} has no flag -${name}.`);
    const rule: InputRule = RULES[name];
    const value = match[2] ?? (rule.kind === "flag" ? "true" : rest.shift());
    if (value === undefined) throw new PhaseError(EXIT.failed, `-${name} needs a value.`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { values, images };
}
