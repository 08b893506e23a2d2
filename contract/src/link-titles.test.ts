import { describe, expect, test } from "vitest";
import { linkTitles } from "./link-titles.ts";
import type { Endpoint } from "./shape.ts";

function endpoint(key: string, rel: string, count = 1): Endpoint {
  const [method = "", path = ""] = key.split(" ");
  const operation = { resource: "x", rel, status: 200, list: false, response: "#x", request: null };
  return { method, path, params: {}, operations: Array.from({ length: count }, () => ({ ...operation })) };
}

function titles(...endpoints: readonly Endpoint[]): readonly string[] {
  const all = endpoints.flatMap((one) => one.operations.map((operation) => ({ endpoint: one, operation })));
  return linkTitles(all).map(({ title }) => title);
}

describe("linkTitles", () => {
  test.each([
    ["GET /ships", "instances", "List"],
    ["GET /ships/{ship}", "self", "Info"],
    ["POST /ships", "create", "Create"],
    ["PATCH /ships/{ship}", "update", "Update"],
    ["DELETE /ships/{ship}", "destroy", "Delete"],
    ["DELETE /ships", "empty", "Delete"],
    ["POST /ships/{ship}/actions/set-sail", "empty", "Set Sail"],
    ["PUT /ships/{ship}", "", "Update"],
  ])("%s (%s) is %s", (key, rel, title) => {
    expect(titles(endpoint(key, rel))).toEqual([title]);
  });

  test("adds the owner when the plain name is taken, then the last word, then a number", () => {
    expect(
      titles(
        endpoint("GET /ships", "instances"),
        endpoint("GET /harbors/{harbor}/ships", "instances"),
        endpoint("GET /home_ports/{home_port}/ships", "instances"),
        endpoint("GET /harbors/{harbor}/boats", "instances"),
        endpoint("GET /harbors/{harbor}/more/boats", "instances"),
        endpoint("GET /harbors/{harbor}/even/more/boats", "instances"),
      ),
    ).toEqual([
      "List",
      "List by Harbor",
      "List by Home Port",
      "List Boats",
      "List Boats by Harbor",
      "List 2",
    ]);
  });

  test("has names of its own for what the path does not tell", () => {
    expect(titles(endpoint("POST /apps/{app}/releases", "create", 2))).toEqual(["Create", "Roll Back"]);
    expect(titles(endpoint("DELETE /apps/{app}/dynos", "empty"))).toEqual(["Restart App"]);
  });
});
