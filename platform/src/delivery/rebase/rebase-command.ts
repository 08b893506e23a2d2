import { parseArgs } from "node:util";
import { REBASE_STATES } from "./rebasing.ts";
import type { ShownPass, ShownStanding } from "./show-rebase.ts";
import { planText, progressText, standingText, turnsText } from "./tell-rebase.ts";

/** How to use the command; what stands before its name differs between a machine and a cluster. */
export function rebaseUsage(command: string): string {
  return `Brings apps onto a patched run image, without building them again.

  ${command} [status]     what apps stand on, what is newer, and how the pass goes
  ${command} start        start a pass; apps get a release each, wave after wave
  ${command} apps         the apps of the pass
  ${command} pause|resume|stop

  --json                    print JSON
  --wait                    (status, start) until the pass has ended or does not go on; prints its progress

start:
  --dry-run                 say what would be done
  --run-image <which>       a digest; on one machine also the folder of an OCI layout, or an image of a registry.
                            Default: the installation's run image that apps are behind
  --as <name>               what apps' images call it, where it does not tell
  --waves <list>            how far each wave goes, in apps or shares of all. Default 1,1%,10%,50%,100%
  --max-failures <n>        apps that may fail, or their share of those whose wave has come. Default 1%
  --at-once <n>             apps that are under way at once. Default 20
  --watch-seconds <n>       for how long new dynos must stay up. Default 60

apps:
  --state <state>           ${REBASE_STATES.join(", ")}

Exit status: 0 done, 1 failed, 2 wrong arguments, 3 (--wait) the pass did not get to its end.
`;
}

/** The arguments make no sense; the message says which. */
export class RebaseUsage extends Error {
  override readonly name = "RebaseUsage";
}

export interface RebaseIo {
  /** As people type it: `conifer rebase`. */
  readonly command: string;
  /** Calls the installation's control plane. Throws with a message for people. */
  readonly call: (route: string, body?: unknown) => Promise<unknown>;
  readonly print: (text: string) => void;
  readonly pause: (ms: number) => Promise<void>;
}

const OPTIONS = {
  json: { type: "boolean", default: false },
  wait: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  "dry-run": { type: "boolean" },
  "run-image": { type: "string" },
  as: { type: "string" },
  waves: { type: "string" },
  "max-failures": { type: "string" },
  "at-once": { type: "string" },
  "watch-seconds": { type: "string" },
  state: { type: "string" },
} as const;

const VERBS = ["status", "start", "apps", "pause", "resume", "stop"] as const;
type Verb = (typeof VERBS)[number];

/** Options that only some verbs have. */
const OWN_OPTIONS: Readonly<Record<string, readonly Verb[]>> = {
  wait: ["status", "start"],
  ...Object.fromEntries(
    ["dry-run", "run-image", "as", "waves", "max-failures", "at-once", "watch-seconds"].map((name) => [
      name,
      ["start"],
    ]),
  ),
  state: ["apps"],
};

/** Reads the command line. Throws RebaseUsage. */
export function parseRebaseArguments(args: readonly string[]) {
  const { values, positionals } = parse(args);
  const [word = "status", ...rest] = positionals;
  const verb = VERBS.find((one) => one === word);
  if (!verb || rest.length > 0)
    throw new RebaseUsage(
      `There is no "${positionals.join(" ").slice(0, 80)}". Say one of ${VERBS.join(", ")}.`,
    );
  for (const [name, verbs] of Object.entries(OWN_OPTIONS)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && value !== false && !verbs.includes(verb))
      throw new RebaseUsage(`--${name} belongs to ${verbs.join(" and ")}.`);
  }
  return { verb, ...values };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true });
  } catch (thrown) {
    throw new RebaseUsage(`${(thrown as Error).message.split(". ")[0]}.`);
  }
}

type Parsed = ReturnType<typeof parseRebaseArguments>;

/** Does it and resolves with the exit status. Throws RebaseUsage, and what the control plane refuses with. */
export async function runRebaseCommand(args: readonly string[], io: RebaseIo): Promise<number> {
  const parsed = parseRebaseArguments(args);
  if (parsed.help) {
    io.print(rebaseUsage(io.command).trimEnd());
    return 0;
  }
  const show = (value: unknown, text: () => string) => io.print(parsed.json ? JSON.stringify(value) : text());
  switch (parsed.verb) {
    case "status": {
      if (parsed.wait) return await follow(parsed, io);
      const answer = (await io.call("GET /rebase")) as ShownStanding & { readonly pass: ShownPass | null };
      show(answer, () => standingText(answer, io.command));
      return 0;
    }
    case "start":
      return await start(parsed, io, show);
    case "apps": {
      const query = parsed.state === undefined ? "" : `?state=${encodeURIComponent(parsed.state)}`;
      const answer = (await io.call(`GET /rebase/apps${query}`)) as Parameters<typeof turnsText>[0];
      show(answer, () => turnsText(answer));
      return 0;
    }
    default: {
      const answer = (await io.call(`POST /rebase/${parsed.verb}`)) as { readonly pass: ShownPass };
      show(answer, () => progressText(answer.pass));
      return 0;
    }
  }
}

async function start(
  parsed: Parsed,
  io: RebaseIo,
  show: (value: unknown, text: () => string) => void,
): Promise<number> {
  const body = {
    ...{ run_image: parsed["run-image"], as: parsed.as, waves: parsed.waves },
    ...{ max_failures: parsed["max-failures"], dry_run: parsed["dry-run"] },
    at_once: numberOf("at-once", parsed["at-once"]),
    watch_seconds: numberOf("watch-seconds", parsed["watch-seconds"]),
  };
  const answer = (await io.call("POST /rebase", body)) as {
    readonly plan?: Parameters<typeof planText>[0];
    readonly pass?: ShownPass;
  };
  const { plan, pass } = answer;
  if (plan) show(answer, () => planText(plan));
  else if (parsed.wait) return await follow(parsed, io);
  else if (pass) show(answer, () => `${progressText(pass)}\nFollow it: ${io.command} status --wait`);
  return 0;
}

const LOOK_MS = 2_000;

/** Prints the pass whenever it has changed, until it does not go on. */
async function follow({ json }: Parsed, { call, print, pause }: RebaseIo): Promise<number> {
  for (let told = ""; ; await pause(LOOK_MS)) {
    const { pass } = (await call("GET /rebase")) as { readonly pass: ShownPass | null };
    if (!pass) {
      print(json ? JSON.stringify({ pass }) : "There was no pass yet.");
      return 0;
    }
    const text = json ? JSON.stringify({ pass }) : progressText(pass);
    if (text !== told) print(text);
    told = text;
    if (pass.status !== "running") return pass.status === "done" ? 0 : 3;
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new RebaseUsage(`--${name} takes a number, not "${text.slice(0, 40)}".`);
}
