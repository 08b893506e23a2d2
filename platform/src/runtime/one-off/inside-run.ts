import type { InsideCommand } from "../dyno/index.ts";

/** A command that is to be run inside a dyno, once its client is there. */
export interface InsideRun {
  readonly id: string;
  readonly appId: string;
  readonly dynoId: string;
  /** The dyno's name when it was asked for. */
  readonly dynoName: string;
  readonly createdAt: Date;
}

/** A command and its environment as they are kept, sealed: people put secrets into both. */
export function encodeInside(command: InsideCommand): string {
  return JSON.stringify(command);
}

export function decodeInside(text: string): InsideCommand {
  return JSON.parse(text) as InsideCommand;
}
