import { describe, expect, it } from "vitest";
import { matchesFilter } from "./log-filter.ts";

describe("filters", () => {
  it.each([
    [{}, "app", "web.1", true],
    [{ source: "app" }, "app", "web.1", true],
    [{ source: "app" }, "heroku", "web.1", false],
    [{ source: "heroku-postgres" }, "heroku", "web.1", false],
    [{ dyno: "web.1" }, "app", "web.1", true],
    [{ dyno: "web.1" }, "app", "web.10", false],
    [{ dyno: "web" }, "app", "web.10", true],
    [{ dyno: "web" }, "app", "webhook.1", false],
    [{ dyno: "router" }, "heroku", "router", true],
    [{ dyno: "api" }, "app", "api", true],
    [{ processType: "web" }, "app", "web.1", true],
    [{ processType: "web" }, "app", "web", true],
    [{ processType: "web.1" }, "app", "web.1", true],
    [{ processType: "web" }, "app", "worker.1", false],
    [{ processType: "release" }, "app", "release.1234", true],
    [{ source: "app", processType: "web" }, "heroku", "web.1", false],
    [{ dyno: "web.1", processType: "worker" }, "app", "web.1", false],
  ] as const)("%j of %s[%s] is %s", (filter, source, process, passes) => {
    expect(matchesFilter(filter, { source, process })).toBe(passes);
  });
});
