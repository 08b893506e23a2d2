import { expect, test } from "vitest";
import { clientRequests } from "./client-import.ts";

test("keeps what goes to the API host, without remarks and the names of parameters", () => {
  const commands = [
    {
      endpoints: [
        { host: "api", method: "GET", path: "/pipelines?eq[name]={name}" },
        {
          host: "api",
          method: "POST",
          path: "/apps/{app}/addons",
          request_fields: ["plan.name", "plan (string)", "(and more)", "<KEY>: value | null"],
        },
        { host: "data", method: "GET", path: "/client/v11/databases" },
      ],
    },
    { endpoints: [{ host: "api", method: "POST", path: "/apps/{name}/addons", request_fields: ["config"] }] },
  ];
  expect(clientRequests(commands)).toEqual({
    "GET /pipelines": [],
    "POST /apps/{}/addons": ["config", "plan", "plan.name"],
  });
});

test("the same record gives the same list, whatever its order", () => {
  const one = { host: "api", method: "GET", path: "/a", request_fields: ["x", "y"] };
  const other = { host: "api", method: "GET", path: "/b" };
  const forward = clientRequests([{ endpoints: [one, other] }]);
  const backward = clientRequests([
    { endpoints: [other] },
    { endpoints: [{ ...one, request_fields: ["y", "x"] }] },
  ]);
  expect(JSON.stringify(forward)).toBe(JSON.stringify(backward));
});
