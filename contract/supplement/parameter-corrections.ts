import type { ParameterCorrection } from "../generator/supplement-entry.ts";

const secondPointer =
  "README of the schema documents: the second parameter points at the provider, and means the certificate";
const oneName = "our own: one place in a path has one parameter name, whichever resource lists it";

const certificate = { param: "identity_provider_2", name: "certificate" };
const certificatePath = "/identity-providers/{identity_provider}/certificates/{identity_provider_2}";

/** Parameters that point at the wrong resource, and places in paths that the documents name in two ways. */
export const parameterCorrections: readonly ParameterCorrection[] = [
  ...["GET", "PATCH", "DELETE"].map((method) => ({
    key: `${method} ${certificatePath}`,
    ...certificate,
    part: "#identity-provider-certificate/identity",
    source: secondPointer,
  })),
  {
    key: "GET /generations/{stack}",
    param: "stack",
    name: "generation",
    part: "#generation/identity",
    source: "README of the schema documents: the path points at the stack's identity in both variants",
  },
  ...[
    "GET /teams/apps/{team_app}",
    "PATCH /teams/apps/{team_app}",
    "GET /teams/apps/{team_app}/collaborators",
    "GET /teams/{team}/apps/{team_app}/usage",
  ].map((key) => ({ key, param: "team_app", name: "app", part: "#app/identity", source: oneName })),
  ...["GET", "PATCH", "DELETE"].flatMap((method) => {
    const key = `${method} /teams/apps/{team_app}/collaborators/{team_app_collaborator}`;
    return [
      { key, param: "team_app", name: "app", part: "#app/identity", source: oneName },
      { key, param: "team_app_collaborator", name: "collaborator", source: oneName },
    ];
  }),
  ...["GET", "PATCH"].flatMap((method) => [
    {
      key: `${method} /teams/{team_preferences}/preferences`,
      param: "team_preferences",
      name: "team",
      part: "#team/identity",
      source: oneName,
    },
    {
      key: `${method} /users/{user_preferences}/preferences`,
      param: "user_preferences",
      name: "account",
      part: "#account/identity",
      source: oneName,
    },
  ]),
];
