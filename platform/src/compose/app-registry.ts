import type { IncomingMessage, ServerResponse } from "node:http";
import {
  keepUploadsSwept,
  makeAppRegistryHandler,
  makeRegistryListener,
  registryKeys,
} from "../delivery/registry/index.ts";
import { type RawHandler, scopeAllows } from "../http/index.ts";
import type { Running } from "../kernel/index.ts";
import { makeAuthenticate } from "./control-accounts.ts";
import { findCalledApp } from "./control-api.ts";
import type { ControlContext } from "./control-context.ts";
import { registryOptions } from "./registry-process.ts";

/** The registry at the API's port, where an API token is the password and apps go by their names. */
export function appRegistry(
  context: ControlContext,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RawHandler {
  const authenticate = makeAuthenticate(context);
  return makeAppRegistryHandler({
    authenticate: (user, secret) => authenticate({ user, secret }),
    roleFor: async (name, principal) => {
      const app = await findCalledApp(context, name, principal);
      if (!app || app.role === "none" || !scopeAllows(principal.scope, "read")) return undefined;
      return { appId: app.id, role: scopeAllows(principal.scope, "write") ? "writer" : "reader" };
    },
    keys: registryKeys(context.masterKey),
    now: context.clock,
    logger: context.logger,
    serve,
  });
}

/** The same over this machine's disk, whether the registry has a port of its own or not. */
export async function openAppRegistry(
  context: ControlContext,
): Promise<Running & { readonly handle: RawHandler }> {
  const options = await registryOptions(context.config, context.logger);
  return {
    ...(await keepUploadsSwept(options)),
    handle: appRegistry(context, makeRegistryListener(options)),
  };
}
