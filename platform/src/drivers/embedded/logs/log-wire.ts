import type { LogLine } from "../../../kernel/index.ts";
import type { ReadLine, StreamPiece, StreamPlace } from "../../../observe/log/index.ts";
import type { LogBatch } from "./log-followers.ts";

/** A line as it travels between our processes: app, milliseconds, source, process, message. */
export type WireLine = readonly [appId: string, ms: number, source: string, process: string, message: string];
/** A line on its way to a reader, who knows the app: position or null, then as above. */
type WireReadLine = readonly [
  position: number | null,
  ms: number,
  source: string,
  process: string,
  message: string,
];

export interface WireBatch {
  readonly lines: readonly WireReadLine[];
  readonly position?: number;
}

export function toWire({ appId, time, source, process, message }: LogLine): WireLine {
  return [appId, time.getTime(), source, process, message];
}

/** Throws when the value is not a line: a peer that speaks another protocol is refused, not guessed at. */
export function fromWire(value: unknown): LogLine {
  if (!Array.isArray(value)) throw new Error("a log line must be an array");
  const [appId, ms, source, process, message] = value as unknown[];
  const areTexts = typeof appId === "string" && typeof process === "string" && typeof message === "string";
  if (!areTexts || typeof ms !== "number" || (source !== "app" && source !== "heroku"))
    throw new Error("a log line must be [app, milliseconds, source, process, message]");
  return { appId, time: new Date(ms), source, process, message };
}

/** About how many characters of messages go into one piece: a peer takes a line of JSON only as a whole. */
const PIECE_CHARACTERS = 65_536;

/** Cuts a batch into pieces of moderate size. The last one carries its position. */
export function* batchToWire({ lines, position }: LogBatch): Generator<WireBatch> {
  let piece: WireReadLine[] = [];
  let characters = 0;
  for (const { position: at, time, source, process, message } of lines) {
    piece.push([at ?? null, time.getTime(), source, process, message]);
    characters += message.length + 50;
    if (characters < PIECE_CHARACTERS) continue;
    yield { lines: piece };
    piece = [];
    characters = 0;
  }
  if (piece.length > 0 || position !== undefined)
    yield { lines: piece, ...(position === undefined ? {} : { position }) };
}

export function batchFromWire(value: unknown, appId: string): LogBatch {
  const { lines, position } = value as WireBatch;
  const read = lines.map(([at, ...line]): ReadLine => {
    return { ...fromWire([appId, ...line]), ...(at === null ? {} : { position: at }) };
  });
  return { lines: read, ...(position === undefined ? {} : { position }) };
}

/** A piece of a stream on its way to the store; its lines know the app and have no position. */
export interface WirePiece extends Omit<StreamPiece, "lines"> {
  readonly lines: readonly WireReadLine[];
}

export function pieceToWire({ lines, ...piece }: StreamPiece): WirePiece {
  return {
    ...piece,
    lines: lines.map(({ time, source, process, message }) => [
      null,
      time.getTime(),
      source,
      process,
      message,
    ]),
  };
}

/** Throws when the value is not a piece. */
export function pieceFromWire(value: unknown): StreamPiece {
  const { stream, appId, file, from, to, lines, ended } = (value ?? {}) as Partial<WirePiece>;
  const areTexts = [stream, appId, file].every((text) => typeof text === "string");
  const arePlaces = Number.isSafeInteger(from) && Number.isSafeInteger(to) && Number(from) <= Number(to);
  if (!areTexts || !arePlaces || !Array.isArray(lines))
    throw new Error("a piece of a log must have stream, appId, file, from, to and lines");
  const place = { stream, appId, file, from, to } as Pick<
    StreamPiece,
    "stream" | "appId" | "file" | "from" | "to"
  >;
  const read = lines.map((line) => fromWire(Array.isArray(line) ? [appId, ...line.slice(1)] : line));
  return { ...place, lines: read, ...(ended === true ? { ended } : {}) };
}

export function placesFromWire(value: unknown): readonly StreamPlace[] {
  const { places } = (value ?? {}) as { readonly places?: readonly StreamPlace[] };
  if (!Array.isArray(places)) throw new Error("the log store did not say where the streams stand");
  return places;
}
