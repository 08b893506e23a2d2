import { BusinessError, type Logger, logFailure, type Principal } from "../../kernel/index.ts";
import { type Deploy, planPush, refusal } from "./push.ts";
import type { GitRepositories, PushNews, PushReceiver, RefAnswer, SourceStore } from "./source-ports.ts";
import { listed, storeSource } from "./store-source.ts";
import type { TarLimits } from "./tar-limits.ts";

export interface PushedApp {
  readonly id: string;
  readonly name: string;
}

export interface PushedBuild {
  readonly appId: string;
  readonly principal: Principal;
  /** Digest of the source, which is in the store. */
  readonly source: string;
  readonly commit: string;
  readonly commitMessage: string;
  /** The branch to move to the commit when the build has succeeded, with `GitRepositories.moveRef`. */
  readonly ref: string;
}

/** What a waiting push sees of its build, in order; exactly one result comes last. */
export type FollowedBuild =
  | { readonly kind: "output"; readonly text: string }
  | {
      readonly kind: "result";
      readonly status: "succeeded" | "failed" | "cancelled";
      readonly releaseVersion?: number;
      /** On failure: what failed, why, and what to do next. */
      readonly message?: string;
    };

export interface PushDependencies {
  readonly repositories: GitRepositories;
  readonly sources: SourceStore;
  /** Records the build, behind all that were recorded before for the app, and returns its id. */
  readonly createBuild: (build: PushedBuild) => Promise<string>;
  /**
   * The build's output from its beginning, what it waits for included. `succeeded` comes after the ref has been moved.
   * Aborting stops only the watching.
   */
  readonly followBuild: (buildId: string, signal: AbortSignal) => AsyncIterable<FollowedBuild>;
  readonly limits?: Partial<TarLimits>;
  readonly logger: Logger;
}

/** Makes the receiver of one push by a principal who may deploy the app. */
export type ReceivePush = (app: PushedApp, principal: Principal) => PushReceiver;

/**
 * Takes pushes in: stores the source, records the build, and shows it to the client. For one app this happens in the
 * order the pushes arrived. Once the build is recorded, a client that goes away changes nothing.
 */
export function makeReceivePush(deps: PushDependencies): ReceivePush {
  const inOrder = makeOrder();
  return (app, principal) =>
    async function* receive(commands, signal) {
      const { deploy, answers, notices } = planPush(commands);
      for (const text of notices) yield { kind: "output", text };
      if (!deploy) return yield { kind: "answers", answers };
      const push: Push = { app, principal, deploy, signal };
      try {
        yield { kind: "output", text: "Compressing source files... " };
        const accepted = await inOrder(app.id, () => acceptPush(push, deps));
        if (!accepted) {
          yield { kind: "output", text: `done.\n${alreadyText(deploy)}` };
          return yield { kind: "answers", answers: [...answers, { kind: "moved", ref: deploy.ref }] };
        }
        yield {
          kind: "output",
          text: `done.\n${accepted.warnings.map(refusal).join("")}Building source:\n\n`,
        };
        const answer = yield* watchBuild(accepted.buildId, push, deps);
        yield { kind: "answers", answers: [...answers, answer] };
      } catch (thrown) {
        yield {
          kind: "output",
          text: `\n${refusal(`Push rejected: ${reasonOf(thrown, signal, deps.logger)}`)}`,
        };
        yield { kind: "answers", answers: [...answers, refused(deploy, "push rejected")] };
      }
    };
}

interface Push {
  readonly app: PushedApp;
  readonly principal: Principal;
  readonly deploy: Deploy;
  readonly signal: AbortSignal;
}

/** Undefined when the branch is where the push wants it: an earlier push, whose client lost sight of it, has got through. */
async function acceptPush({ app, principal, deploy, signal }: Push, deps: PushDependencies) {
  const { repositories } = deps;
  signal.throwIfAborted();
  const current = await repositories.readRef(app.id, deploy.ref);
  if (current === deploy.commit && deploy.from !== deploy.commit) return undefined;
  if (current !== deploy.from) throw new BusinessError("conflict", movedMessage(deploy, current));
  const { subject, submodules } = await repositories.describeCommit(app.id, deploy.commit);
  if (submodules.length > 0) throw new BusinessError("invalid_params", submoduleMessage(submodules));
  const tar = repositories.exportCommit(app.id, deploy.commit, signal);
  const { digest, warnings } = await storeSource(tar, {
    sources: deps.sources,
    limits: deps.limits,
    links: "any",
  });
  signal.throwIfAborted();
  const buildId = await deps.createBuild({
    appId: app.id,
    principal,
    source: digest,
    commit: deploy.commit,
    commitMessage: subject,
    ref: deploy.ref,
  });
  return { buildId, warnings };
}

async function* watchBuild(
  buildId: string,
  { deploy, signal }: Push,
  deps: PushDependencies,
): AsyncGenerator<PushNews, RefAnswer> {
  let shown = "";
  try {
    for await (const news of deps.followBuild(buildId, signal)) {
      if (news.kind === "output") {
        shown = (shown + news.text).slice(-SHOWN_KEPT);
        yield news;
      } else if (news.status === "succeeded") {
        return { kind: "moved", ref: deploy.ref };
      } else if (!signal.aborted) {
        yield { kind: "output", text: refusal(failureText(news, shown)) };
        return refused(deploy, news.status === "cancelled" ? "build cancelled" : "build failed");
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      const id = logFailure(deps.logger, "a push lost sight of its build", { build: buildId, error });
      yield { kind: "output", text: refusal(`${OUT_OF_SIGHT}\n(Error ${id})`) };
      return refused(deploy, "build not followed to its end");
    }
  }
  yield { kind: "output", text: refusal(OUT_OF_SIGHT) };
  return refused(deploy, "build not followed to its end");
}

/** How much of the output is looked through for the reason of a failure. */
const SHOWN_KEPT = 16 * 1024;
const OUT_OF_SIGHT =
  "Conifer can no longer show this build, which goes on.\nSee `heroku releases`, or push again to follow it.";

/** The reason, unless the build's own output has told it, and what it means for the push. */
function failureText({ status, message }: FollowedBuild & { kind: "result" }, shown: string): string {
  const reason = message ?? (status === "cancelled" ? "The build was cancelled." : "The build failed.");
  const told = reason.split("\n").every((line) => shown.includes(line));
  return `${told ? "" : `${reason}\n`}Push rejected: nothing was deployed.`;
}

function refused({ ref }: Deploy, reason: string): RefAnswer {
  return { kind: "refused", ref, reason };
}

function reasonOf(thrown: unknown, signal: AbortSignal, logger: Logger): string {
  if (signal.aborted) return "Conifer is stopping. Push again in a moment.";
  if (thrown instanceof BusinessError) return thrown.message;
  const id = logFailure(logger, "a push could not be taken in", { error: thrown });
  return `Conifer could not take it in (error ${id}). Push again; if it stays, ask the operator.`;
}

function alreadyText({ branch, commit }: Deploy): string {
  return `-----> An earlier push has deployed this: ${branch} is at ${commit.slice(0, 7)} now\n`;
}

function movedMessage({ branch }: Deploy, current: string | undefined): string {
  const now = current === undefined ? "is gone" : `is now at ${current.slice(0, 7)}`;
  return `${branch} ${now}: somebody else has deployed meanwhile.\nFetch, merge, and push again.`;
}

function submoduleMessage(paths: readonly string[]): string {
  return `The repository has submodules, whose files a push does not bring along:
${listed(paths)}
Commit the files themselves, for example with \`git subtree add\`, and remove the submodules.`;
}

/** Runs one thing at a time for each key, in the order asked. */
function makeOrder(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = mine
      .catch(() => {})
      .then(() => {
        if (last.get(key) === settled) last.delete(key);
      });
    last.set(key, settled);
    return mine;
  };
}
