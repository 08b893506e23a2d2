/** A block of commands of a guide, with the heading that it stands under. */
export interface GuideBlock {
  readonly heading: string;
  readonly commands: readonly string[];
}

/** The fenced blocks of a page in Markdown that have no language, in order: what a reader types. */
export function readGuide(markdown: string): readonly GuideBlock[] {
  const blocks: { heading: string; commands: string[] }[] = [];
  let heading = "";
  let open: string[] | undefined;
  for (const line of markdown.split("\n")) {
    if (line === "```" && open) {
      blocks.push({ heading, commands: open });
      open = undefined;
    } else if (open) open.push(line);
    else if (line === "```") open = [];
    else if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
  }
  return blocks;
}
