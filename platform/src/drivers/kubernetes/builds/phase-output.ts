import { StringDecoder } from "node:string_decoder";

/** The output of one container as it comes, with what our own programs say in it to us. */
export interface PhaseOutput {
  /** Returns what is for people, in whole lines where lines end in time. */
  take(chunk: Buffer): string;
  /** What is left when nothing more will come. */
  rest(): string;
  /** The status with which the container's program ended, once it has said so. */
  ended(): number | undefined;
  /** The image that the last container has delivered. */
  image(): string | undefined;
}

/** Begins a line that is not for people (see take-turn.sh); no program writes this character by itself. */
const MARK = "\u001e";
const LONGEST_LINE = 16_384;

export function makePhaseOutput(): PhaseOutput {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let status: number | undefined;
  let image: string | undefined;
  const read = (line: string): string => {
    const at = line.indexOf(MARK);
    if (at === -1) return line;
    const [word, value = ""] = line
      .slice(at + 1)
      .trim()
      .split(" ");
    if (word === "end") status = Number(value);
    if (word === "image") image = value;
    // A program's last line may have had no end.
    return at === 0 ? "" : `${line.slice(0, at)}\n`;
  };
  const whole = (text: string) =>
    text
      .split(/(?<=\n)/)
      .map(read)
      .join("");
  return {
    take: (chunk) => {
      rest += decoder.write(chunk);
      const end = rest.lastIndexOf("\n") + 1;
      const lines = whole(rest.slice(0, end));
      rest = rest.slice(end);
      if (rest.length <= LONGEST_LINE || rest.startsWith(MARK)) return lines;
      const long = rest;
      rest = "";
      return lines + long;
    },
    rest: () => {
      const text = whole(rest + decoder.end());
      rest = "";
      return text;
    },
    ended: () => status,
    image: () => image,
  };
}
