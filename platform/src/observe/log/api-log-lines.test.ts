import { describe, expect, test } from "vitest";
import type { DomainEvent, EventKind } from "../../kernel/index.ts";
import { apiLogLines } from "./api-log-lines.ts";

const AT = new Date("2026-01-02T03:04:05Z");
const ADA = { id: "u", email: "ada@example.com" };

function said(kind: EventKind, data: DomainEvent["data"] = {}, actor: DomainEvent["actor"] = ADA): string[] {
  const lines = apiLogLines({ seq: "1", kind, appId: "an-app", actor, at: AT, data });
  for (const line of lines)
    expect(line).toMatchObject({ appId: "an-app", time: AT, source: "app", process: "api" });
  return lines.map(({ message }) => message);
}

const same = { name: "my-app", previous_name: "my-app", maintenance: false, previous_maintenance: false };

describe("an app's log says of", () => {
  test.each<[string, EventKind, DomainEvent["data"], string[]]>([
    ["its creation", "app.created", { name: "my-app" }, []],
    ["its end", "app.deleted", { name: "my-app" }, []],
    ["a new name", "app.updated", { ...same, name: "new" }, ["Rename to new by user ada@example.com"]],
    [
      "maintenance",
      "app.updated",
      { ...same, maintenance: true },
      ["Maintenance mode enabled by user ada@example.com"],
    ],
    [
      "the end of maintenance",
      "app.updated",
      { ...same, previous_maintenance: true },
      ["Maintenance mode disabled by user ada@example.com"],
    ],
    [
      "both at once",
      "app.updated",
      { ...same, name: "new", maintenance: true },
      ["Rename to new by user ada@example.com", "Maintenance mode enabled by user ada@example.com"],
    ],
    ["another stack", "app.updated", same, []],
    [
      "a feature",
      "app.updated",
      { name: "my-app", feature: "preboot", enabled: false },
      ["Disable preboot by user ada@example.com"],
    ],
    [
      "a collaborator",
      "collaborator.added",
      { email: "bob@example.com" },
      ["Add bob@example.com as collaborator by user ada@example.com"],
    ],
    [
      "a collaborator less",
      "collaborator.removed",
      { email: "bob@example.com" },
      ["Remove bob@example.com as collaborator by user ada@example.com"],
    ],
    ["a build", "build.created", { build_id: "b" }, ["Build started by user ada@example.com"]],
    ["a build's end", "build.finished", { status: "succeeded" }, ["Build succeeded"]],
    [
      "a build's failure",
      "build.finished",
      { status: "failed" },
      ["Build failed -- check your build output"],
    ],
    ["a cancelled build", "build.cancelled", {}, ["Build cancelled by user ada@example.com"]],
    [
      "a release",
      "release.created",
      { version: 5, description: "Deploy 1a2b3c4d" },
      ["Deploy 1a2b3c4d by user ada@example.com", "Release v5 created by user ada@example.com"],
    ],
    ["a release that is current", "release.succeeded", { version: 5 }, []],
    [
      "a release that is not",
      "release.failed",
      { version: 5 },
      ["Release command failed: v5 is not released"],
    ],
    [
      "another formation",
      "formation.changed",
      {
        scaled: [
          { type: "web", quantity: 2, size: "Standard-1X" },
          { type: "worker", quantity: 0, size: "Basic" },
        ],
      },
      ["Scaled to web@2:Standard-1X worker@0:Basic by user ada@example.com"],
    ],
    ["a formation that lost a type", "formation.changed", { scaled: [] }, []],
    [
      "a restart",
      "dynos.changed",
      { restarted: ["web.1", "web.2"] },
      ["Restarting web.1, web.2 by user ada@example.com"],
    ],
    ["a stop", "dynos.changed", { stopped: ["web.1"] }, ["Stopping web.1 by user ada@example.com"]],
    ["nothing stopped", "dynos.changed", { stopped: [], restarted: [] }, []],
  ])("%s", (_name, kind, data, expected) => {
    expect(said(kind, data)).toEqual(expected);
  });

  test("what Conifer does by itself, without a name", () => {
    expect(said("build.created", {}, null)).toEqual(["Build started"]);
  });

  test("whatever a caller wrote, on one line and as it is", () => {
    const description = "Line one\nline two\t$& {by}";
    expect(said("release.created", { version: 2, description })[0]).toBe(
      "Line one line two $& {by} by user ada@example.com",
    );
  });
});
