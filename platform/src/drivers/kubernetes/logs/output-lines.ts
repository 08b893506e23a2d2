import { StringDecoder } from "node:string_decoder";
import type { CriEntry } from "./cri-entries.ts";

/** A line as a process wrote it. */
export interface OutputLine {
  readonly ms: number;
  readonly message: string;
}

/**
 * Joins entries to lines. The end of the last entry that was added is a place to go on from, after a crash as well,
 * only while nothing is held: a line waits for its end, and those of the other pipe wait with it.
 */
export interface OutputLines {
  add(entry: CriEntry): void;
  /** True when a line's end is still to come. */
  isHolding(): boolean;
  /** Takes the lines; with `all` also what has come of those whose end is not there. */
  take(all?: boolean): OutputLine[];
  clear(): void;
}

interface Part {
  readonly decoder: StringDecoder;
  text: string;
  ms: number;
}

/** Characters of lines whose end has not come that may be held: what is longer is cut at an entry's end. */
const HELD_CHARACTERS = 262_144;

export function makeOutputLines(): OutputLines {
  let lines: OutputLine[] = [];
  let parts = new Map<CriEntry["pipe"], Part>();
  let held = 0;
  /** Bytes of a character that was cut in two with a line that was too long. */
  const cut = new Map<CriEntry["pipe"], StringDecoder>();
  const end = (pipe: CriEntry["pipe"], part: Part, isCut: boolean) => {
    lines.push({ ms: part.ms, message: isCut ? part.text : part.text + part.decoder.end() });
    if (isCut) cut.set(pipe, part.decoder);
    parts.delete(pipe);
  };
  return {
    add({ pipe, ms, isPartial, content }) {
      let part = parts.get(pipe);
      if (!part && !isPartial && !cut.has(pipe)) {
        if (parts.size > 0) held += content.length;
        lines.push({ ms, message: content.toString("utf8") });
      } else {
        part ??= { decoder: cut.get(pipe) ?? new StringDecoder("utf8"), text: "", ms };
        cut.delete(pipe);
        parts.set(pipe, part);
        part.text += part.decoder.write(content);
        held += content.length;
        if (!isPartial) end(pipe, part, false);
      }
      if (parts.size === 0) held = 0;
      else if (held > HELD_CHARACTERS) {
        for (const [of, each] of parts) end(of, each, true);
        held = 0;
      }
    },
    isHolding: () => parts.size > 0,
    take(all = false) {
      if (all) for (const [pipe, part] of parts) end(pipe, part, false);
      if (parts.size > 0) return [];
      const taken = lines;
      lines = [];
      held = 0;
      return taken;
    },
    clear() {
      lines = [];
      parts = new Map();
      cut.clear();
      held = 0;
    },
  };
}
