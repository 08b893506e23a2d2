import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTarget } from "./analyzed-file.ts";
import {
  type PlanMember,
  type PlanOption,
  type ResolvedPlan,
  readPlanOptions,
  resolvePlan,
} from "./build-plan.ts";
import {
  type Buildpack,
  type BuildpackRef,
  type RunTarget,
  readBuildpack,
  readOrder,
  readRef,
  supportsTarget,
} from "./buildpack-descriptor.ts";
import {
  type BuildpackEnvironment,
  environmentFor,
  readBuildpackEnvironment,
  targetVariables,
} from "./buildpack-environment.ts";
import { type Group, resolveOrder, withSystemBuildpacks } from "./detect-order.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase, PhaseError } from "./phase-error.ts";
import { runExecutable } from "./run-executable.ts";
import { readDescriptor, readToml, table, tables, writeToml } from "./toml-files.ts";

/** What became of one `bin/detect`. */
type Detected =
  | { readonly kind: "pass"; readonly buildpack: Buildpack; readonly options: readonly PlanOption[] }
  | { readonly kind: "fail" | "error"; readonly buildpack: Buildpack; readonly output: string };

/** Finds the group of buildpacks that takes the source, and writes `group.toml` and `plan.toml`. */
export async function detect(context: PhaseContext): Promise<void> {
  const { inputs, log } = context;
  await inPhase(EXIT.detect, "detecting buildpacks", async () => {
    const groups = await readGroups(context);
    const tried = new Map<string, Detected>();
    const detectOne = await makeDetector(context);
    for (const group of groups) {
      const found = await tryGroup(group, tried, detectOne, (text) => log.debug(text));
      if (!found) continue;
      await writeToml(inputs.text("group"), { group: found.members.map((m) => groupEntry(m, tried)) });
      await writeToml(inputs.text("plan"), { entries: found.entries });
      const names = found.members.map((m) => `${m.id} ${m.version}`);
      log.heading(`Using buildpack${names.length === 1 ? "" : "s"}: ${names.join(", ")}`);
      return;
    }
    throw refusal([...tried.values()], log);
  });
}

async function readGroups({ inputs }: PhaseContext): Promise<Group[]> {
  const file = await readDescriptor(inputs.text("order"), "order");
  if (!file) throw new Error(`the order of buildpacks ${inputs.text("order")} is missing`);
  if (tables(file["order-extensions"]).length > 0)
    throw new Error("image extensions are not supported; take order-extensions out of the order");
  const system = table((await readDescriptor(inputs.text("system"), "system"))?.system);
  const refs = (key: string) => tables(table(system[key]).buildpacks).map(readRef);
  const order = withSystemBuildpacks(readOrder(file), refs("pre"), refs("post"));
  const read = (ref: BuildpackRef) => readBuildpack(inputs.text("buildpacks"), ref.id, ref.version);
  return resolveOrder(order, read, inputs.execEnv);
}

/** Gives the function that runs one buildpack's `bin/detect`. */
async function makeDetector({ inputs }: PhaseContext): Promise<(ref: BuildpackRef) => Promise<Detected>> {
  const environment = await readBuildpackEnvironment(
    inputs.env,
    inputs.text("platform"),
    inputs.text("build-config"),
  );
  const target = readTarget(await readToml(inputs.text("analyzed")));
  return async (ref) => {
    const buildpack = await readBuildpack(inputs.text("buildpacks"), ref.id, ref.version);
    const fail = (output: string): Detected => ({ kind: "fail", buildpack, output });
    if (!supportsTarget(buildpack.targets, target)) return fail("does not build for this run image");
    return runDetect(buildpack, { inputs, environment, target });
  };
}

async function runDetect(
  buildpack: Buildpack,
  around: { inputs: PhaseContext["inputs"]; environment: BuildpackEnvironment; target: RunTarget },
): Promise<Detected> {
  const { inputs, environment, target } = around;
  const scratch = await mkdtemp(join(tmpdir(), "detect-"));
  try {
    const plan = join(scratch, "plan.toml");
    const { exitCode, output } = await runExecutable({
      file: join(buildpack.folder, "bin", "detect"),
      args: [inputs.text("platform"), plan],
      cwd: inputs.text("app"),
      env: environmentFor(environment, buildpack, {
        ...targetVariables(target),
        CNB_BUILD_PLAN_PATH: plan,
        CNB_BUILDPACK_DIR: buildpack.folder,
        CNB_EXEC_ENV: inputs.execEnv,
        CNB_PLATFORM_DIR: inputs.text("platform"),
      }),
      output: "capture",
    });
    if (exitCode === 0)
      return {
        kind: "pass",
        buildpack,
        options: readPlanOptions((await readDescriptor(plan, "buildPlan")) ?? {}),
      };
    return { kind: exitCode === 100 ? "fail" : "error", buildpack, output };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const keyOf = (ref: { id: string; version: string }) => `${ref.id}@${ref.version}`;

/** Tries one group; its buildpacks are run side by side, and none twice in a build. */
async function tryGroup(
  group: Group,
  tried: Map<string, Detected>,
  detectOne: (ref: BuildpackRef) => Promise<Detected>,
  debug: (text: string) => void,
): Promise<ResolvedPlan | undefined> {
  const untried = group.filter((ref) => !tried.has(keyOf(ref)));
  const results = await Promise.all(untried.map(detectOne));
  for (const [i, ref] of untried.entries()) tried.set(keyOf(ref), results[i] as Detected);
  const members: PlanMember[] = [];
  for (const ref of group) {
    const detected = tried.get(keyOf(ref));
    if (detected?.kind === "pass") members.push({ ...ref, options: detected.options });
    else if (!ref.optional) return undefined;
  }
  if (members.length === 0) return undefined;
  const plan = resolvePlan(members);
  if (!("problem" in plan)) return plan;
  debug(`${group.map(keyOf).join(", ")}: ${plan.problem}`);
  return undefined;
}

function groupEntry(member: PlanMember, tried: Map<string, Detected>): object {
  const { id, version, api, homepage } = (tried.get(keyOf(member)) as Detected).buildpack;
  return {
    ...{ id, version, api },
    ...(homepage ? { homepage } : {}),
    ...(member.optional ? { optional: true } : {}),
  };
}

/** Says what each buildpack looked for, in its own words, before the phase fails. */
function refusal(tried: readonly Detected[], log: PhaseContext["log"]): PhaseError {
  log.error("No buildpack takes this source.");
  for (const one of tried) {
    const said = one.kind === "pass" ? "would take it, but not alone" : one.output.trim();
    const { id, description } = one.buildpack;
    log.error(`${id}: ${said || `not what it looks for${description ? ` (${description})` : ""}`}`);
  }
  const broken = tried.filter(({ kind }) => kind === "error").map(({ buildpack }) => buildpack.id);
  if (broken.length === 0)
    return new PhaseError(
      EXIT.noGroup,
      "No buildpack takes this source. Add the files that one of them looks for.",
    );
  return new PhaseError(
    EXIT.noGroupWithErrors,
    `No buildpack takes this source, and ${broken.join(", ")} failed while looking at it.`,
  );
}
