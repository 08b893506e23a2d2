/** A line of a Dockerfile that names an image has no more than a few hundred bytes, and nobody takes more images than this. */
const MOST_IMAGES = 100;
const LONGEST_NAME = 500;

/**
 * Names of the images that a Dockerfile takes from elsewhere, as it writes them, with its arguments filled in: those of FROM,
 * of `COPY --from` and of `RUN --mount=from`, all stages' and each once. What it takes from its own stages is left out. A name
 * that cannot be told before building is missing or odd; nothing is ever thrown.
 */
export function baseImages(
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>>,
): readonly string[] {
  const values = new Map<string, string>();
  const stages = new Set(["scratch"]);
  const names = new Set<string>();
  let isBefore = true;
  const take = (written: string | undefined) => {
    const name = expand(written ?? "", values);
    const isOwn = stages.has(name.toLowerCase()) || /^\d*$/.test(name);
    if (!isOwn && name.length <= LONGEST_NAME && names.size < MOST_IMAGES) names.add(name);
  };
  for (const { instruction, words } of instructionsOf(dockerfile)) {
    const flags = words.filter((word) => word.startsWith("--"));
    if (instruction === "ARG" && isBefore) readArgs(words, values, buildArgs);
    if (instruction === "FROM") {
      isBefore = false;
      const [image, as, stage = ""] = words.filter((word) => !word.startsWith("--"));
      take(image);
      if (as?.toUpperCase() === "AS") stages.add(stage.toLowerCase());
    }
    if (instruction === "COPY") for (const flag of flags) take(/^--from=(.*)$/.exec(flag)?.[1]);
    if (instruction === "RUN")
      for (const flag of flags) take(/^--mount=(?:.*,)?from=([^,]*)/.exec(flag)?.[1]);
  }
  return [...names];
}

/** Names of the arguments that a Dockerfile declares, in whichever stage. */
export function declaredArguments(dockerfile: string): ReadonlySet<string> {
  const declared = instructionsOf(dockerfile).filter(({ instruction }) => instruction === "ARG");
  return new Set(declared.flatMap(({ words }) => words.map((word) => word.split("=", 1)[0] ?? "")));
}

interface Instruction {
  /** In capitals. */
  readonly instruction: string;
  readonly words: readonly string[];
}

/** A line that ends with a backslash goes on in the next one that is neither empty nor a comment. */
function instructionsOf(dockerfile: string): Instruction[] {
  const found: Instruction[] = [];
  let begun = "";
  for (const line of dockerfile.split(/\r?\n/)) {
    const plain = line.trim();
    if (plain === "" || plain.startsWith("#")) continue;
    if (plain.endsWith("\\")) {
      begun += `${plain.slice(0, -1)} `;
      continue;
    }
    const [instruction = "", ...words] = `${begun}${plain}`.split(/\s+/).filter(Boolean);
    found.push({ instruction: instruction.toUpperCase(), words });
    begun = "";
  }
  return found;
}

/** Arguments before the first FROM, which alone may be in the names of images. */
function readArgs(
  words: readonly string[],
  values: Map<string, string>,
  given: Readonly<Record<string, string>>,
): void {
  for (const word of words) {
    const [, name = "", usual] = /^([A-Za-z_]\w*)(?:=(.*))?$/.exec(word) ?? [];
    const value = Object.hasOwn(given, name) ? given[name] : usual && expand(unquoted(usual), values);
    if (value !== undefined) values.set(name, value);
  }
}

const unquoted = (text: string) => text.replace(/^(["'])(.*)\1$/, "$2");

const VARIABLE = /\$(?:(\w+)|\{(\w+)(?::([-+])([^{}]*))?\})/g;

function expand(text: string, values: ReadonlyMap<string, string>): string {
  return unquoted(text).replace(VARIABLE, (_, ...groups: (string | undefined)[]) => {
    const [plain, name, sign, word = ""] = groups;
    const value = values.get(plain ?? name ?? "") ?? "";
    if (sign === "-") return value || word;
    return sign === "+" ? value && word : value;
  });
}
