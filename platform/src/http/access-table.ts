import type { RouteKey } from "@conifer/contract";
import type { AppRole, Scope } from "../kernel/index.ts";

/**
 * What a call needs. `on: "app"` looks up the app in the path and the caller's role on it; `on: "account"` concerns
 * only the caller's own things; `on: "nobody"` needs no account. `scope` is the token scope beside `global`.
 */
export type Access =
  | { readonly on: "nobody" }
  | { readonly on: "account"; readonly scope: Scope }
  | { readonly on: "app"; readonly role: Exclude<AppRole, "none">; readonly scope: Scope };

const app = (scope: Scope, role: Exclude<AppRole, "none"> = "collaborator"): Access => ({
  on: "app",
  role,
  scope,
});
const account = (scope: Scope): Access => ({ on: "account", scope });

/**
 * The one authorization table: every route that is served, what it concerns, and what the caller must be and hold.
 * A route that is not listed is not served.
 */
export const accessTable: Partial<Record<RouteKey, Access>> = {
  "GET /account": account("identity"),
  "PATCH /account": account("global"),
  "GET /account/rate-limits": account("identity"),
  "DELETE /account": account("global"),
  "GET /account/features": account("read"),
  "GET /account/features/{account_feature}": account("read"),
  "PATCH /account/features/{account_feature}": account("write"),
  "GET /account/keys": account("read"),
  "GET /account/keys/{key}": account("read"),
  "GET /users/{account}": account("identity"),
  "PATCH /users/{account}": account("global"),
  "DELETE /users/{account}": account("global"),
  "GET /users/{account}/apps": account("read"),

  "GET /oauth/authorizations": account("global"),
  "POST /oauth/authorizations": account("global"),
  "GET /oauth/authorizations/{oauth_authorization}": account("global"),
  "PATCH /oauth/authorizations/{oauth_authorization}": account("global"),
  "DELETE /oauth/authorizations/{oauth_authorization}": account("global"),
  "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens": account("global"),
  "GET /oauth/sessions": account("global"),
  "DELETE /oauth/sessions/{session}": account("global"),

  "GET /regions": account("read"),
  "GET /regions/{region}": account("read"),
  "GET /stacks": account("read"),
  "GET /stacks/{stack}": account("read"),
  "GET /generations": account("read"),
  "GET /generations/{generation}": account("read"),
  "GET /dyno-sizes": account("read"),
  "GET /dyno-sizes/{dyno_size}": account("read"),

  "GET /apps": account("read"),
  "POST /apps": account("write"),
  "POST /filters/apps": account("read"),
  "GET /apps/{app}": app("read"),
  "PATCH /apps/{app}": app("write"),
  "DELETE /apps/{app}": app("write", "owner"),
  "GET /apps/{app}/features": app("read"),
  "GET /apps/{app}/features/{app_feature}": app("read"),
  "PATCH /apps/{app}/features/{app_feature}": app("write"),
  "GET /apps/{app}/addons": app("read"),
  "GET /apps/{app}/pipeline-couplings": app("read"),
  "GET /apps/{app}/domains": app("read"),
  "GET /apps/{app}/domains/{domain}": app("read"),

  "GET /pipelines": account("read"),
  "POST /pipelines": account("write"),
  "GET /pipelines/{pipeline}": account("read"),
  "PATCH /pipelines/{pipeline}": account("write"),
  "DELETE /pipelines/{pipeline}": account("write"),
  "GET /pipelines/{pipeline}/pipeline-couplings": account("read"),
  "GET /pipeline-couplings": account("read"),
  "POST /pipeline-couplings": account("write"),
  "GET /pipeline-couplings/{pipeline_coupling}": account("read"),
  "PATCH /pipeline-couplings/{pipeline_coupling}": account("write"),
  "DELETE /pipeline-couplings/{pipeline_coupling}": account("write"),
  "GET /users/~/pipeline-couplings": account("read"),

  "GET /apps/{app}/collaborators": app("read-protected"),
  "POST /apps/{app}/collaborators": app("write-protected"),
  "GET /apps/{app}/collaborators/{collaborator}": app("read-protected"),
  "DELETE /apps/{app}/collaborators/{collaborator}": app("write-protected"),

  "GET /apps/{app}/config-vars": app("read-protected"),
  "PATCH /apps/{app}/config-vars": app("write-protected"),
  "GET /apps/{app}/releases/{release}/config-vars": app("read-protected"),

  "GET /apps/{app}/releases": app("read-protected"),
  "POST /apps/{app}/releases": app("write-protected"),
  "GET /apps/{app}/releases/{release}": app("read-protected"),
  "GET /apps/{app}/releases/{release}/attestations": app("read-protected"),
  "GET /apps/{app}/releases/{release}/attestations/{attestation}": app("read-protected"),
  "GET /apps/{app}/releases/{release}/advisories": app("read-protected"),
  "GET /advisories/{advisory}/releases": account("read-protected"),
  "GET /signing-keys": account("read"),
  "POST /apps/{app}/oci-images": app("write"),
  "GET /apps/{app}/oci-images/{oci_image}": app("read"),

  "POST /sources": account("write"),
  "POST /apps/{app}/sources": app("write"),
  "GET /apps/{app}/builds": app("read"),
  "POST /apps/{app}/builds": app("write"),
  "GET /apps/{app}/builds/{build}": app("read"),
  "DELETE /apps/{app}/builds/{build}": app("write"),
  "DELETE /apps/{app}/build-cache": app("write"),
  "GET /apps/{app}/buildpack-installations": app("read"),
  "PUT /apps/{app}/buildpack-installations": app("write"),

  "GET /apps/{app}/formation": app("read"),
  "PATCH /apps/{app}/formation": app("write"),
  "GET /apps/{app}/formation/{formation}": app("read"),
  "PATCH /apps/{app}/formation/{formation}": app("write"),

  "GET /apps/{app}/dynos": app("read"),
  "POST /apps/{app}/dynos": app("write"),
  "DELETE /apps/{app}/dynos": app("write"),
  "GET /apps/{app}/dynos/{dyno}": app("read"),
  "DELETE /apps/{app}/dynos/{dyno}": app("write"),
  "POST /apps/{app}/dynos/{dyno}": app("write"),
  "POST /apps/{app}/dynos/{dyno}/actions/stop": app("write"),
  "DELETE /apps/{app}/formations/{formation_type}": app("write"),
  "POST /apps/{app}/formations/{formation_type}/actions/stop": app("write"),

  "POST /apps/{app}/log-sessions": app("read"),
};
