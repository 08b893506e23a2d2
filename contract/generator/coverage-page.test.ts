import { describe, expect, test } from "vitest";
import type { RouteDescription } from "../src/route-description.ts";
import { coveragePage } from "./coverage-page.ts";

function route(key: string, change: Partial<RouteDescription> = {}): RouteDescription {
  const [method, path = ""] = key.split(" ");
  return {
    key: key as RouteDescription["key"],
    method: method as RouteDescription["method"],
    path,
    params: [],
    variants: ["base", "sdk"],
    resource: "app",
    operations: [{ title: "Do it", rel: "self", status: 200, list: false, response: "app" }],
    origin: "schema",
    ...change,
  };
}

const routes = [
  route("GET /apps"),
  route("GET /spaces", { resource: "space", variants: ["sdk"] }),
  route("POST /account/keys", { resource: "key", origin: "supplement", variants: ["base"] }),
];

describe("the page of coverage", () => {
  const page = coveragePage(routes, ["GET /apps"]);

  test("counts, all and by resource", () => {
    expect(page).toContain("1 of 3 endpoints are served.");
    expect(page).toContain("## app (1 of 1)");
    expect(page).toContain("## space (0 of 1)");
  });

  test("lists each endpoint with what it does", () => {
    expect(page).toContain("| yes | `GET /apps` | Do it |  |");
    expect(page).toContain("| no | `GET /spaces` | Do it | *3.sdk* |");
    expect(page).toContain("| no | `POST /account/keys` | Do it | *3*, *added* |");
  });

  test("orders the resources by name", () => {
    const headings = [...page.matchAll(/^## (\w+)/gm)].map(([, name]) => name);
    expect(headings).toEqual(["app", "key", "space"]);
  });

  test("refuses a served route that is not described", () => {
    expect(() => coveragePage(routes, ["GET /apps", "GET /nowhere"])).toThrow(
      "served, but not described: GET /nowhere",
    );
  });

  test("counts a route once that is named twice", () => {
    expect(coveragePage(routes, ["GET /apps", "GET /apps"])).toBe(page);
  });
});
