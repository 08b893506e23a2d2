import { describe, expect, test } from "vitest";
import { routes } from "../src/generated/routes.ts";
import type { Endpoint } from "../src/shape.ts";
import { operationTitles } from "./operation-titles.ts";
import { titleExceptions } from "./title-exceptions.ts";

function endpoint(key: string, resource: string, list = false): Endpoint {
  const [method = "", path = ""] = key.split(" ");
  const operation = { resource, rel: "self", status: 200, list, response: `#${resource}`, request: null };
  return { method, path, params: {}, operations: [operation] };
}

const table: readonly (readonly [Endpoint, string])[] = [
  [endpoint("GET /stacks", "stack", true), "List stacks"],
  [endpoint("GET /stacks/{stack}", "stack"), "Show a stack"],
  [endpoint("GET /addon-services/{add_on_service}", "add-on-service"), "Show an add-on service"],
  [endpoint("POST /spaces", "space"), "Create a space"],
  [endpoint("PATCH /spaces/{space}", "space"), "Change a space"],
  [endpoint("DELETE /spaces/{space}", "space"), "Delete a space"],
  [
    endpoint("GET /apps/{app}/webhook-deliveries", "app-webhook-delivery", true),
    "List webhook deliveries of an app",
  ],
  [endpoint("GET /teams/{team}/features/{team_feature}", "team-feature"), "Show a feature of a team"],
  [endpoint("GET /addons/{add_on}/webhooks", "add-on-webhook", true), "List webhooks of an add-on"],
  [
    endpoint("GET /apps/{app}/sni-endpoints/{sni_endpoint}", "sni-endpoint"),
    "Show an SNI endpoint of an app",
  ],
  [endpoint("GET /teams/{team}/preferences", "team-preferences"), "Show the preferences of a team"],
  [endpoint("GET /users/{account}/addons", "add-on", true), "List add-ons of an account"],
  [endpoint("POST /apps/{app}/dynos/{dyno}/actions/stop", "dyno"), "Stop a dyno of an app"],
];

describe("operationTitles", () => {
  test.each(table)("%#: %s", (one, title) => {
    expect(operationTitles(one)).toEqual([title]);
  });

  test("has words of its own for what the rule says badly", () => {
    expect(operationTitles(endpoint("DELETE /apps/{app}/build-cache", "build"))).toEqual([
      "Clear the build cache of an app",
    ]);
  });

  test("has such words only for routes that there are", () => {
    const keys = new Set<string>(routes.map(({ key }) => key));
    expect(Object.keys(titleExceptions).filter((key) => !keys.has(key))).toEqual([]);
  });
});
