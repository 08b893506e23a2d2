import { BusinessError, invalidParams, isId } from "../../kernel/index.ts";

/** An app: a name, an owner, and what everything else hangs on. */
export interface App {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly ownerEmail: string;
  readonly region: string;
  readonly stack: string;
  readonly buildStack: string;
  readonly maintenance: boolean;
  readonly buildpackProvidedDescription: string | null;
  readonly releasedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const LONGEST_NAME = 30;

/** Throws invalid_params unless the text can be an app's name, and so a DNS label and a path of a git remote. */
export function checkAppName(name: string): void {
  if (name.length > LONGEST_NAME)
    throw invalidParams(`Name is too long: an app's name has at most ${LONGEST_NAME} characters.`);
  if (name.length < 3) throw invalidParams("Name is too short: an app's name has at least 3 characters.");
  if (isId(name) || !/^[a-z]([a-z0-9-]*[a-z0-9])$/.test(name) || name.includes("--")) {
    throw invalidParams(
      "Name must start with a letter, end with a letter or digit, and hold only lowercase letters, digits and single dashes.",
    );
  }
  if (RESERVED.has(name)) throw nameTaken(name);
}

/** Names that are paths or hosts of the platform itself. */
const RESERVED: ReadonlySet<string> = new Set([
  "api",
  "git",
  "registry",
  "conifer",
  "www",
  "admin",
  "dashboard",
]);

export function nameTaken(name: string): BusinessError {
  return new BusinessError(
    "invalid_params",
    `Name ${name} is already taken. Choose another, or leave it out to get one.`,
  );
}

const FIRST = [
  "amber",
  "brisk",
  "calm",
  "dewy",
  "early",
  "fair",
  "green",
  "high",
  "ivory",
  "keen",
  "lucid",
  "mossy",
  "northern",
  "open",
  "pale",
  "quiet",
  "resin",
  "still",
  "tall",
  "upland",
  "verdant",
  "warm",
  "young",
] as const;
const SECOND = [
  "bark",
  "cedar",
  "cone",
  "fern",
  "fir",
  "glade",
  "grove",
  "hemlock",
  "juniper",
  "larch",
  "needle",
  "pine",
  "ridge",
  "root",
  "spruce",
  "stand",
  "summit",
  "tamarack",
  "timber",
  "trail",
  "valley",
  "yew",
] as const;

/** A name for an app that was created without one. `random` gives numbers from 0 up to 1. */
export function makeAppName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "fir";
  return `${pick(FIRST)}-${pick(SECOND)}-${10_000 + Math.floor(random() * 90_000)}`;
}

/** What an owner may switch on an app. */
export interface Feature {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly enabledByDefault: boolean;
}

export const features: readonly Feature[] = [
  {
    id: "a6f1a0a2-8d0e-4b3a-9c1f-5a0b6f0d2c11",
    name: "preboot",
    title: "Preboot",
    description: "New web dynos start and listen before old ones stop. Off: old ones stop first.",
    enabledByDefault: true,
  },
  {
    id: "b2c7d9e4-1f35-4f6d-8f2b-7d1a9e3c4b22",
    name: "warm-rollback",
    title: "Warm rollback",
    description:
      "The web dynos of the last release stay ready for ten minutes, so that a rollback takes effect at once.",
    enabledByDefault: true,
  },
  {
    id: "c3d8e0f5-2a46-4a7e-9b30-8e2b0f4d5c33",
    name: "fir-bypass-daily-dyno-restarts",
    title: "Bypass daily dyno restarts",
    description: "Dynos are not replaced once a day where the platform does so.",
    enabledByDefault: false,
  },
];
