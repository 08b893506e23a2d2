import type { OperationCorrection } from "../generator/supplement-entry.ts";

const slips = "README of the schema documents: rel is missing, or is not one of those with a meaning";
const oneBody = "the link's own target is one object although its rel says list, or the other way round";
const wholeAnswer = "our own: every answer is a resource with a name, not a part of one";

/** Slips in rels, statuses and answers. The keys are those of the import. */
export const operationCorrections: readonly OperationCorrection[] = [
  { key: "PATCH /enterprise-accounts/{enterprise_account}", change: { rel: "update" }, source: slips },
  { key: "GET /review-apps/{review_app}", change: { rel: "self" }, source: slips },
  { key: "GET /apps/{app}/review-app", change: { rel: "self" }, source: slips },
  { key: "DELETE /review-apps/{review_app}", change: { rel: "destroy" }, source: slips },
  { key: "DELETE /apps/{app}/acm", change: { rel: "destroy" }, source: slips },
  { key: "DELETE /pipelines/{pipeline}", change: { rel: "destroy" }, source: slips },
  { key: "DELETE /pipeline-couplings/{pipeline_coupling}", change: { rel: "destroy" }, source: slips },
  {
    key: "DELETE /teams/{team}/invitations/{team_invitation}",
    change: { rel: "destroy" },
    source: slips,
  },
  { key: "GET /spaces/{space}/peering-info", change: { rel: "self" }, source: slips, variants: ["sdk"] },
  { key: "GET /spaces/{space}/peerings", change: { rel: "instances" }, source: slips, variants: ["sdk"] },
  { key: "GET /apps/{app}/available-dyno-sizes", change: { rel: "instances" }, source: slips },
  { key: "POST /spaces/{space}/transfer", change: { rel: "update" }, source: slips },
  { key: "POST /actions/addons/resolve", change: { rel: "instances" }, source: slips },
  { key: "POST /actions/addon-attachments/resolve", change: { rel: "instances" }, source: slips },
  { key: "PATCH /test-runs/{test_run}", change: { rel: "update" }, source: slips },
  { key: "GET /account/payment-method/apps", change: { rel: "instances" }, source: slips },
  { key: "GET /teams/invitations/{token}", change: { rel: "self" }, source: oneBody },
  {
    key: "GET /addon-attachments/{add_on_attachment}/telemetry-ingress-info",
    change: { rel: "self" },
    source: oneBody,
  },
  { key: "GET /resource/{resource_id}/usage-history", change: { rel: "self" }, source: oneBody },
  { key: "GET /apps/{app}/usage", change: { rel: "self" }, source: oneBody },
  { key: "GET /teams/{team}/apps/{team_app}/usage", change: { rel: "self" }, source: oneBody },
  {
    key: "GET /teams/{team}/usage",
    change: { rel: "self", list: false, response: "#team-usage" },
    source: wholeAnswer,
  },
  {
    key: "PUT /users/~/capabilities",
    change: { response: "#capability-list" },
    source: wholeAnswer,
  },
  {
    key: "GET /enterprise-accounts/{enterprise_account}/members",
    change: { response: "#enterprise-account-member-entry" },
    variants: ["sdk"],
    source: wholeAnswer,
  },
  ...[
    "GET /apps/{app}/config-vars",
    "GET /apps/{app}/releases/{release}/config-vars",
    "PATCH /apps/{app}/config-vars",
  ].map((key) => ({ key, change: { response: "#config-var" }, source: wholeAnswer })),
  ...["GET", "PATCH"].map((method) => ({
    key: `${method} /pipelines/{pipeline}/stage/{stage}/config-vars`,
    change: { response: "#pipeline-config-var" },
    source: wholeAnswer,
  })),
  ...webhookOperations("/addons/{add_on}", "#add-on-webhook"),
  ...webhookOperations("/apps/{app}", "#app-webhook"),
];

function webhookOperations(owner: string, response: string): OperationCorrection[] {
  const one = `${owner}/webhooks/{app_webhook}`;
  return [
    `GET ${owner}/webhooks`,
    `POST ${owner}/webhooks`,
    `GET ${one}`,
    `PATCH ${one}`,
    `DELETE ${one}`,
  ].map((key) => ({ key, change: { response }, source: wholeAnswer }));
}
