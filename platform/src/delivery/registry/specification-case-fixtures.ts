import type { Reply, TestRegistry } from "./registry-fixtures.ts";

/** What a case is run against, and who asks. */
export interface SpecificationWorld {
  /** As somebody who may do everything with `NAME` and `OTHER_NAME`. */
  readonly ask: (what: string, more?: Parameters<TestRegistry["ask"]>[2]) => Promise<Reply>;
  readonly registry: TestRegistry;
}

/** One thing that the OCI distribution specification 1.1 asks of a registry. */
export interface SpecificationCase {
  /** The title of the section, as it stands in the specification. */
  readonly section: string;
  readonly level: "MUST" | "SHOULD";
  /** What is asked, in our words. */
  readonly says: string;
  readonly run: (world: SpecificationWorld) => Promise<void>;
}

/** What a repository may hold. */
export const REPOSITORY_BYTES = 10_000_000;

/** The repositories of the cases. */
export const NAME = "team/app";
export const OTHER_NAME = "team/other";
