import { createBuild, followBuild } from "../delivery/build/index.ts";
import { makeOutputStreamHandler } from "../delivery/output/index.ts";
import { makeGitHandler, makeReceivePush } from "../delivery/source/index.ts";
import { isStoreAway } from "../drivers/postgres/store/index.ts";
import { type RawHandler, scopeAllows } from "../http/index.ts";
import { makeAuthenticate } from "./control-accounts.ts";
import { findCalledApp } from "./control-api.ts";
import type { ControlContext } from "./control-context.ts";
import type { ControlFiles } from "./control-engine.ts";
import { traceRaw } from "./trace-work.ts";

/** What shares the port with the API, is told apart by path, and reads or writes files: git, outputs, uploads. */
export function fileHandlers(
  context: ControlContext,
  files: ControlFiles,
  signal: AbortSignal,
): readonly RawHandler[] {
  const { clock, logger, urlKey: key, outputs } = context;
  const output = makeOutputStreamHandler({ outputs, clock, key, logger, signal });
  const traced = (handle: RawHandler) => traceRaw(context.tracer, handle);
  return [traced(gitHandler(context, files)), output, traced(files.uploads.handle)];
}

function gitHandler(context: ControlContext, files: ControlFiles): RawHandler {
  const { logger } = context;
  const authenticate = makeAuthenticate(context);
  const receivePush = makeReceivePush({
    repositories: files.repositories,
    sources: files.sources,
    logger,
    createBuild: async ({ appId, principal, source, commit, commitMessage, ref }) => {
      const wanted = {
        appId,
        actor: { id: principal.accountId, email: principal.email },
        sourceDigest: source,
        sourceVersion: commit,
        sourceDescription: commitMessage,
        gitRef: ref,
      };
      return (await createBuild(wanted, context)).id;
    },
    followBuild: (buildId, following) => followBuild(buildId, context, following),
  });
  return makeGitHandler({
    authenticate: (user, secret) => authenticate({ user, secret }),
    resolveApp: async (name, principal, need) => {
      const app = await findCalledApp(context, name, principal);
      if (!app || app.role === "none") return "not_found";
      return scopeAllows(principal.scope, need === "deploy" ? "write" : "read") ? app : "forbidden";
    },
    isStoreAway,
    transport: files.git,
    receivePush,
    requireRoom: files.requireRoom,
    logger,
  });
}
