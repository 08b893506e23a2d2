import type { Installation } from "./installation-names.ts";
import { ROLE, type Role, type RoleShape } from "./role-table.ts";

/** What a role is in an installation. A registry whose images are in a bucket keeps nothing itself. */
export function shapeOf(role: Role, { values }: Pick<Installation, "values">): RoleShape {
  const shape = ROLE[role];
  return role === "registry" && values["registry.s3"] !== undefined
    ? { ...shape, kind: "Deployment", state: "scratch" }
    : shape;
}
