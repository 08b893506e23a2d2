import type { AddedEndpoint } from "../generator/supplement-entry.ts";
import type { Operation } from "../src/shape.ts";

const undocumented = "facts on the Platform API, what clients call that no schema lists";
const ours = "our own, beyond what clients know";
const client = "heroku-cli 11.10.0: requests seen on the wire";

/** Endpoints that clients use and no schema document lists. */
export const addedEndpoints: readonly AddedEndpoint[] = [
  {
    key: "POST /account/keys",
    source: `${undocumented} (keys:add, heroku.jar, heroku3)`,
    operation: create("key", { fields: { public_key: "#key/public_key" }, required: ["public_key"] }),
  },
  {
    key: "DELETE /account/keys/{key}",
    params: { key: "#key/identity" },
    source: `${undocumented} (keys:remove, keys:clear)`,
    operation: answer("key", "destroy"),
  },
  {
    key: "GET /oauth/sessions",
    source: `${undocumented} (sessions)`,
    operation: { ...answer("oauth-session", "instances"), list: true },
  },
  {
    key: "DELETE /oauth/sessions/{session}",
    params: { session: "#oauth-session/identity" },
    source: `${undocumented} (sessions:destroy; with ~ for one's own at auth:logout)`,
    operation: answer("oauth-session", "destroy"),
  },
  {
    key: "PUT /apps/{app}/pre-authorizations",
    params: { app: "#app/identity" },
    source: `${undocumented} (the code of a second factor, once for several calls)`,
    operation: answer("pre-authorization", "update"),
  },
  {
    key: "GET /accounts/{account}/actions/get-quota",
    params: { account: "#account/identity" },
    source: `${undocumented} (ps; an error is ignored)`,
    operation: answer("account-quota", "self"),
  },
  {
    key: "GET /spaces/{space}/dynos",
    params: { space: "#space/identity" },
    source: `${undocumented} (spaces:ps)`,
    operation: { ...answer("space-dynos", "instances"), list: true },
  },
  {
    key: "GET /addons/{add_on}/config/{credential}",
    params: { add_on: "#add-on/identity", credential: "#add-on-config/name" },
    source: `${undocumented} (addons:attach --credential, as credential:<name>)`,
    operation: { ...answer("add-on-config", "instances"), list: true },
  },
  {
    key: "GET /pipelines/{pipeline}/repo",
    params: { pipeline: "#pipeline/id" },
    source: `${client} (reviewapps:enable, reviewapps:disable)`,
    operation: answer("pipeline-repository", "self"),
  },
  {
    key: "GET /pipelines/{pipeline}/repo/branches/{branch}",
    params: { pipeline: "#pipeline/id", branch: "#repository-branch/name" },
    source: `${client} (reviewapps:create)`,
    operation: answer("repository-branch", "self"),
  },
  {
    key: "GET /pipelines/{pipeline}/webhooks",
    params: { pipeline: "#pipeline/id" },
    source: `${client} (webhooks --pipeline)`,
    operation: { ...answer("pipeline-webhook", "instances"), list: true },
  },
  {
    key: "GET /apps/{app}/releases/{release}/attestations",
    params: { app: "#app/identity", release: "#release/identity" },
    source: `${ours}: what is said of a release's image`,
    operation: { ...answer("attestation", "instances"), list: true },
  },
  {
    key: "GET /apps/{app}/releases/{release}/attestations/{attestation}",
    params: { app: "#app/identity", release: "#release/identity", attestation: "#attestation/identity" },
    source: `${ours}: one statement with its document`,
    operation: answer("attestation", "self"),
  },
  {
    key: "GET /apps/{app}/releases/{release}/advisories",
    params: { app: "#app/identity", release: "#release/identity" },
    source: `${ours}: known weaknesses of what a release is made with`,
    operation: { ...answer("advisory-match", "instances"), list: true },
  },
  {
    key: "GET /advisories/{advisory}/releases",
    params: { advisory: "#advisory-match/identity" },
    source: `${ours}: the releases that a known weakness touches`,
    operation: { ...answer("touched-release", "instances"), list: true },
  },
  {
    key: "GET /signing-keys",
    source: `${ours}: the public keys of what an installation has signed`,
    operation: { ...answer("signing-key", "instances"), list: true },
  },
];

function answer(resource: string, rel: string): Operation {
  return { resource, rel, status: 200, list: false, response: `#${resource}`, request: null };
}

function create(resource: string, request: Operation["request"]): Operation {
  return { ...answer(resource, "create"), status: 201, request };
}
