import type { DomainEvent, LogLine } from "../../kernel/index.ts";

/** What an event tells in the app's log, in the texts that the client colors (facts: observability §1, CLI client §4). */
export function apiLogLines(event: DomainEvent): readonly LogLine[] {
  const by = event.actor ? ` by user ${event.actor.email}` : "";
  return messagesOf(event).map((message) => ({
    appId: event.appId,
    time: event.at,
    source: "app",
    process: "api",
    message: message.replace("{by}", by),
  }));
}

function messagesOf({ kind, data }: DomainEvent): readonly string[] {
  switch (kind) {
    case "app.created":
      return [];
    case "app.updated":
      return appMessages(data);
    case "collaborator.added":
      return [`Add ${data.email} as collaborator{by}`];
    case "collaborator.removed":
      return [`Remove ${data.email} as collaborator{by}`];
    case "build.created":
      return ["Build started{by}"];
    case "build.cancelled":
      return ["Build cancelled{by}"];
    case "build.finished":
      return [data.status === "succeeded" ? "Build succeeded" : "Build failed -- check your build output"];
    case "release.created":
      return [`Release v${data.version} created{by}`, `${data.description}{by}`];
    case "release.failed":
      return [`Release command failed: v${data.version} is not released`];
    case "formation.changed":
      return scaleText(data.scaled) === "" ? [] : [`Scaled to ${scaleText(data.scaled)}{by}`];
    case "dynos.changed":
      return dynoMessages(data);
    case "release.succeeded":
    case "app.deleted":
      return [];
  }
}

function appMessages(data: DomainEvent["data"]): readonly string[] {
  if (data.feature !== undefined) return [`${data.enabled ? "Enable" : "Disable"} ${data.feature}{by}`];
  const renamed = data.previous_name !== undefined && data.previous_name !== data.name;
  return renamed
    ? [`Rename to ${data.name}{by}`]
    : [`Maintenance mode ${data.maintenance ? "enabled" : "disabled"}{by}`];
}

function scaleText(scaled: unknown): string {
  if (!Array.isArray(scaled)) return "";
  return scaled.map(({ type, quantity, size }) => `${type}@${quantity}:${size}`).join(" ");
}

function dynoMessages(data: DomainEvent["data"]): readonly string[] {
  const names = (value: unknown) => (Array.isArray(value) ? value.join(", ") : "");
  if (Array.isArray(data.restarted) && data.restarted.length > 0)
    return [`Restarting ${names(data.restarted)}{by}`];
  if (Array.isArray(data.stopped) && data.stopped.length > 0) return [`Stopping ${names(data.stopped)}{by}`];
  return [];
}
