import type { RefAnswer, RefCommand } from "./source-ports.ts";

/** The branches that are built (facts: build §3). */
const BUILT = ["refs/heads/main", "refs/heads/master"];

/** What a push asks to have built. `from` is what the client believes the branch to be. */
export interface Deploy {
  readonly ref: string;
  readonly branch: string;
  readonly commit: string;
  readonly from?: string;
}

export interface PushPlan {
  readonly deploy?: Deploy;
  /** Answers for every other command. */
  readonly answers: readonly RefAnswer[];
  /** What the client is told about them. */
  readonly notices: readonly string[];
}

/**
 * Decides what becomes of each ref of a push. Only main and master are built, one of them at a time. Other branches and
 * tags are stored as git would and told so, as on Heroku: pushes of all branches or with tags must not fail.
 */
export function planPush(commands: readonly RefCommand[]): PushPlan {
  const answers: RefAnswer[] = [];
  const notices: string[] = [];
  let deploy: Deploy | undefined;
  const refuse = (ref: string, reason: string, notice: string) => {
    answers.push({ kind: "refused", ref, reason });
    notices.push(refusal(notice));
  };
  for (const { ref, from, to } of commands) {
    const name = shortName(ref);
    if (!BUILT.includes(ref)) {
      answers.push({ kind: "store", ref });
      if (to !== undefined) notices.push(storedNotice(ref));
    } else if (to === undefined) {
      refuse(ref, "cannot be deleted", `${name} shows what was deployed and cannot be deleted.`);
    } else if (deploy) {
      refuse(
        ref,
        `${deploy.branch} is deployed by this push`,
        `Push ${deploy.branch} and ${name} one at a time.`,
      );
    } else {
      deploy = { ref, branch: name, commit: to, ...(from === undefined ? {} : { from }) };
    }
  }
  return { answers, notices, ...(deploy ? { deploy } : {}) };
}

function storedNotice(ref: string): string {
  const name = shortName(ref);
  if (!ref.startsWith("refs/heads/")) return `-----> Stored ${name}; nothing is built for it.\n`;
  return `-----> Stored the branch ${name}. It is not built: only main and master are.
       To deploy it: git push <remote> ${name}:main
`;
}

/** Text in the form of Heroku's build output for what went wrong. */
export function refusal(text: string): string {
  const lines = text.trimEnd().split("\n");
  return `\n${lines.map((line) => ` !     ${line}\n`).join("")}\n`;
}

export function shortName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, "");
}
