/** Something a specification asks for, in our words. */
export interface Requirement {
  readonly document: "platform" | "buildpack";
  /** The title of the paragraph, as it stands in the specification. */
  readonly paragraph: string;
  readonly id: string;
  readonly level: Level;
  readonly says: string;
  /** Why there is no case: it asks for something that is not here, or binds somebody else. */
  readonly not?: string;
  /** The file of tests that proves it, when it is the platform's to keep. */
  readonly provedBy?: string;
}

type Level = "MUST" | "SHALL" | "SHOULD";
type Exemption = Pick<Requirement, "not" | "provedBy">;
type Row = readonly [id: string, level: string, says: string, exemption?: Exemption];

/** The requirements of one paragraph. */
export function requirements(
  document: Requirement["document"],
  paragraph: string,
  rows: readonly (readonly (string | Exemption)[])[],
): Requirement[] {
  return rows.map((row) => {
    const [id, level, says, exemption = {}] = row as unknown as Row;
    return { document, paragraph, id, level: level as Level, says, ...exemption };
  });
}
