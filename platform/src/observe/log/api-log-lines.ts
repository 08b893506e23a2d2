import type { DomainEvent, LogLine } from "../../kernel/index.ts";

/** What happened, and whether the line goes on to say who did it. */
interface Told {
  readonly text: string;
  readonly byWhom: boolean;
}

/** What an event tells in the app's log, in the texts that the client colors (facts: observability §1, CLI client §4). */
export function apiLogLines(event: DomainEvent): readonly LogLine[] {
  const by = event.actor ? ` by user ${event.actor.email}` : "";
  return toldBy(event).map(({ text, byWhom }) => ({
    appId: event.appId,
    time: event.at,
    source: "app",
    process: "api",
    message: byWhom ? `${text}${by}` : text,
  }));
}

const did = (text: string): readonly Told[] => [{ text, byWhom: true }];
const happened = (text: string): readonly Told[] => [{ text, byWhom: false }];

function toldBy({ kind, data }: DomainEvent): readonly Told[] {
  switch (kind) {
    case "app.updated":
      return toldOfApp(data);
    case "collaborator.added":
      return did(`Add ${data.email} as collaborator`);
    case "collaborator.removed":
      return did(`Remove ${data.email} as collaborator`);
    case "build.created":
      return did("Build started");
    case "build.cancelled":
      return did("Build cancelled");
    case "build.finished":
      return happened(
        data.status === "succeeded" ? "Build succeeded" : "Build failed -- check your build output",
      );
    case "release.created":
      return [...did(oneLine(data.description)), ...did(`Release v${data.version} created`)];
    case "release.failed":
      return happened(`Release command failed: v${data.version} is not released`);
    case "release.touched":
      return happened(touchedText(data));
    case "formation.changed":
      return toldOfList("Scaled to", data.scaled, scaleText, " ");
    case "dynos.changed":
      return [
        ...toldOfList("Restarting", data.restarted, String, ", "),
        ...toldOfList("Stopping", data.stopped, String, ", "),
      ];
    case "app.created":
    case "app.deleted":
    case "release.succeeded":
      return [];
  }
}

function toldOfApp(data: DomainEvent["data"]): readonly Told[] {
  if (data.feature !== undefined) return did(`${data.enabled ? "Enable" : "Disable"} ${data.feature}`);
  const renamed = data.previous_name !== data.name;
  const switched = data.previous_maintenance !== data.maintenance;
  return [
    ...(renamed ? did(`Rename to ${data.name}`) : []),
    ...(switched ? did(`Maintenance mode ${data.maintenance ? "enabled" : "disabled"}`) : []),
  ];
}

/** One line with all items; none without any. */
function toldOfList(
  verb: string,
  items: unknown,
  show: (item: never) => string,
  between: string,
): readonly Told[] {
  if (!Array.isArray(items) || items.length === 0) return [];
  return did(`${verb} ${items.map((item) => show(item as never)).join(between)}`);
}

function scaleText({ type, quantity, size }: Readonly<Record<string, unknown>>): string {
  return `${type}@${quantity}:${size}`;
}

function touchedText({ version, advisories, more }: DomainEvent["data"]): string {
  const ids = Array.isArray(advisories) ? advisories.map(oneLine).join(", ") : "";
  const others = Number(more) > 0 ? ` and ${Number(more)} more` : "";
  return `Known weaknesses touch v${version}: ${ids}${others}. See GET /apps/<app>/releases/${version}/advisories`;
}

/** Descriptions may be anything a caller wrote. */
function oneLine(text: unknown): string {
  return String(text).replaceAll(/\s+/g, " ").trim();
}
