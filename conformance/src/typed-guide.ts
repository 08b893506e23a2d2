/** A block of commands of a guide, with the heading that it stands under. */
export interface GuideBlock {
  readonly heading: string;
  readonly commands: readonly string[];
}

/** The fenced blocks of a page in Markdown that have no language, in order: what a reader of the whole page types. */
export function readGuide(markdown: string): readonly GuideBlock[] {
  const blocks: { heading: string; commands: string[] }[] = [];
  let heading = "";
  let open: { readonly fence: string; readonly commands: string[] } | undefined;
  for (const line of markdown.split("\n")) {
    if (line === "```" && open) {
      if (open.fence === "```") blocks.push({ heading, commands: open.commands });
      open = undefined;
    } else if (open) open.commands.push(line);
    else if (line.startsWith("```")) open = { fence: line, commands: [] };
    else if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
  }
  return blocks;
}
