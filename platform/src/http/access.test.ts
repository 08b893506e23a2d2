import { routes } from "@conifer/contract";
import { describe, expect, test } from "vitest";
import type { AppRole, BusinessError, Principal, Scope } from "../kernel/index.ts";
import { checkAccess, scopeAllows } from "./access.ts";
import { type Access, accessTable } from "./access-table.ts";

const SCOPES: readonly Scope[] = ["global", "identity", "read", "write", "read-protected", "write-protected"];

/** For each scope held: what it covers. */
const COVERS: Readonly<Record<Scope, readonly Scope[]>> = {
  global: SCOPES,
  identity: ["identity"],
  read: ["read"],
  write: ["read", "write"],
  "read-protected": ["read", "read-protected"],
  "write-protected": ["read", "write", "read-protected", "write-protected"],
};

describe("a scope", () => {
  test.each(SCOPES)("%s covers what it includes and nothing else", (held) => {
    const covered = SCOPES.filter((needed) => scopeAllows([held], needed));
    expect(covered.sort()).toEqual([...COVERS[held]].sort());
  });

  test("adds to another", () => {
    expect(scopeAllows(["identity", "write"], "identity")).toBe(true);
    expect(scopeAllows(["identity", "write"], "read")).toBe(true);
    expect(scopeAllows([], "read")).toBe(false);
  });
});

const caller = (...scope: Scope[]): Principal => ({ accountId: "a", email: "a@example.com", scope });
const outcome = (access: Access, principal: Principal, role?: AppRole) => {
  try {
    checkAccess(access, principal, role);
    return "allowed";
  } catch (thrown) {
    return (thrown as BusinessError).id;
  }
};
const app = (scope: Scope, role: "collaborator" | "owner"): Access => ({ on: "app", scope, role });

test.each([
  ["nobody is needed", { on: "nobody" }, caller(), undefined, "allowed"],
  ["own things, enough scope", { on: "account", scope: "read" }, caller("write"), undefined, "allowed"],
  ["own things, too little scope", { on: "account", scope: "write" }, caller("read"), undefined, "forbidden"],
  ["an app that is not there", app("read", "collaborator"), caller("global"), undefined, "not_found"],
  ["an app of somebody else", app("read", "collaborator"), caller("global"), "none", "not_found"],
  ["an app of somebody else, no scope", app("read", "collaborator"), caller(), "none", "not_found"],
  ["an app worked on", app("write", "collaborator"), caller("global"), "collaborator", "allowed"],
  [
    "an app worked on, small scope",
    app("write", "collaborator"),
    caller("read"),
    "collaborator",
    "forbidden",
  ],
  ["what only the owner may", app("write", "owner"), caller("global"), "collaborator", "forbidden"],
  ["the owner", app("write", "owner"), caller("global"), "owner", "allowed"],
] as const)("%s", (_what, access, principal, role, wanted) => {
  expect(outcome(access as Access, principal, role)).toBe(wanted);
});

test("a refusal names the scope that is held and the one that is needed", () => {
  expect(() => checkAccess({ on: "account", scope: "write" }, caller("read", "identity"), undefined)).toThrow(
    /\(read, identity\).*needs write or global/,
  );
});

describe("the table", () => {
  test("lists only routes of the contract", () => {
    const known = new Set<string>(routes.map(({ key }) => key));
    expect(Object.keys(accessTable).filter((key) => !known.has(key))).toEqual([]);
  });

  test.each(Object.entries(accessTable))("%s asks for what its path and method say", (key, access) => {
    const [method = "", path = ""] = key.split(" ");
    expect(access.on === "app").toBe(path.startsWith("/apps/{app}"));
    if (access.on === "nobody") return;
    const writes = !["GET", "HEAD"].includes(method) && key !== "POST /filters/apps";
    const streams = key === "POST /apps/{app}/log-sessions";
    if (writes && !streams) expect(access.scope).toMatch(/^(write|global)/);
    else expect(access.scope).toMatch(/^(read|identity|global)/);
    const isProtected = /\/(config-vars|releases|collaborators)/.test(path);
    expect(access.scope.endsWith("-protected")).toBe(isProtected);
  });
});
