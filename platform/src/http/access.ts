import { type AppRole, forbidden, notFound, type Principal, type Scope } from "../kernel/index.ts";
import type { Access } from "./access-table.ts";

/** Which scopes a scope includes beside itself. `global` includes all. */
const INCLUDES: Readonly<Record<Scope, readonly Scope[]>> = {
  global: ["identity", "read", "write", "read-protected", "write-protected"],
  "write-protected": ["write", "read-protected", "read"],
  write: ["read"],
  "read-protected": ["read"],
  read: [],
  identity: [],
};

export function scopeAllows(held: readonly Scope[], needed: Scope): boolean {
  return held.some((scope) => scope === needed || INCLUDES[scope]?.includes(needed));
}

const RANK: Readonly<Record<AppRole, number>> = { none: 0, collaborator: 1, owner: 2 };

/**
 * The one check. Throws `forbidden` when the token's scope or the caller's role is too small, and `not_found` when
 * the caller has nothing to do with the app: then it must not learn that the app exists. (design §5)
 */
export function checkAccess(access: Access, principal: Principal, role: AppRole | undefined): void {
  if (access.on === "nobody") return;
  if (access.on === "app" && (role === undefined || role === "none")) throw notFound("app");
  if (!scopeAllows(principal.scope, access.scope)) {
    throw forbidden(
      `This token's scope (${principal.scope.join(", ")}) does not cover the request. It needs ${access.scope} or global.`,
    );
  }
  if (access.on === "app" && RANK[role ?? "none"] < RANK[access.role]) {
    throw forbidden(
      `Only the app's ${access.role} may do that. Ask them, or have the app transferred to you.`,
    );
  }
}
