import { type RunImageBuild, shortDigest } from "./rebasing.ts";
import type { ShownBase, ShownPass, ShownStanding } from "./show-rebase.ts";

/** What apps stand on, and the pass, for people. */
export function standingText(
  { run_images, bases, pass }: ShownStanding & { readonly pass: ShownPass | null },
  command: string,
): string {
  const behind = bases.filter(({ state }) => state === "behind").reduce((sum, { apps }) => sum + apps, 0);
  const lines = [
    ...(run_images.length === 0 ? ["This installation has no run image of its own."] : ["Run images:"]),
    ...run_images.map(({ name, digest }) => `  ${name}  ${shortDigest(digest)}`),
    ...(bases.length === 0 ? ["No app has code yet."] : ["Apps stand on:"]),
    ...table(bases.map((base) => [String(base.apps), nameOf(base), buildOf(base), STATE_TEXT[base.state]])),
    ...(behind > 0 && pass?.status !== "running" ? [`Bring them onto it: ${command} start`] : []),
    ...(pass ? ["", progressText(pass)] : []),
  ];
  return lines.join("\n");
}

const STATE_TEXT: Readonly<Record<ShownBase["state"], string>> = {
  newest: "up to date",
  behind: "another build is there",
  other: "not rebased",
};

function nameOf({ name }: ShownBase): string {
  return name === "" ? "container images" : name;
}

function buildOf({ digest, top_layer }: ShownBase): string {
  if (digest !== null && top_layer !== "") return shortDigest(digest);
  return top_layer === "" ? "-" : `layer ${shortDigest(top_layer)}`;
}

/** What a pass would do. */
export function planText(plan: {
  readonly run_image: RunImageBuild;
  readonly apps: number;
  readonly waves: readonly number[];
}): string {
  const { name, digest } = plan.run_image;
  if (plan.apps === 0) return `No app stands on another build of ${name}: there is nothing to rebase.`;
  const apps = plan.apps === 1 ? "1 app" : `${plan.apps} apps`;
  return `${apps} would be put on ${name} (${shortDigest(digest)}), in waves of ${plan.waves.join(", ")}.`;
}

const STATUS_TEXT: Readonly<Record<ShownPass["status"], string>> = {
  running: "under way",
  paused: "paused",
  halted: "halted by failures",
  stopped: "stopped",
  done: "done",
};

/** How a pass goes. */
export function progressText(pass: ShownPass): string {
  const { name, digest } = pass.run_image;
  const { waiting, due, watching, done, failed, skipped } = pass.apps;
  const all = waiting + due + watching + done + failed + skipped;
  const counts = [
    `${done} of ${all} done`,
    ...(due + watching > 0 ? [`${due + watching} under way`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const wave = pass.status === "done" ? "" : `, wave ${pass.wave} of ${pass.waves.length}`;
  return [
    `Pass onto ${name} (${shortDigest(digest)}): ${STATUS_TEXT[pass.status]}${wave}; ${counts.join(", ")}.`,
    ...(pass.message === null ? [] : [pass.message]),
  ].join("\n");
}

/** The apps of a pass. */
export function turnsText({
  apps,
}: {
  readonly apps: readonly {
    readonly app: string;
    readonly wave: number;
    readonly state: string;
    readonly message: string | null;
  }[];
}): string {
  if (apps.length === 0) return "There are none.";
  return table(apps.map(({ app, wave, state, message }) => [app, `wave ${wave}`, state, message ?? ""])).join(
    "\n",
  );
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
}
