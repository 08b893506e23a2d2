import { invalidParams, isId } from "../../kernel/index.ts";

/** Apps that are stages of one thing. (facts: flow §1) */
export interface Pipeline {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What apps say that they are: those of a pipeline are of one generation. */
export const GENERATION = "cedar";

/** From the first to the last; `test` and `review` are outside the order in which a release goes on. */
export const STAGES = ["test", "review", "development", "staging", "production"] as const;
export type Stage = (typeof STAGES)[number];

/** One app's place in the one pipeline that it is in. */
export interface PipelineCoupling {
  readonly id: string;
  readonly appId: string;
  readonly pipelineId: string;
  readonly pipelineName: string;
  readonly pipelineOwnerId: string;
  readonly stage: Stage;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Throws invalid_params unless the text can be a pipeline's name: what the contract says of it, and no id. */
export function checkPipelineName(name: string): void {
  if (!isId(name) && /^[a-z][a-z0-9-]{2,29}$/.test(name)) return;
  throw invalidParams(
    "A pipeline's name has 3 to 30 characters, starts with a letter, and holds only lowercase letters, digits and dashes.",
  );
}

/**
 * Which of an owner's builds begin first where they wait for room: 0 is production, 2 what people look at and throw away.
 * An app in no pipeline may be anybody's production.
 */
export function buildRank(stage: Stage | undefined): 0 | 1 | 2 {
  if (stage === "production") return 0;
  return stage === "review" || stage === "test" ? 2 : 1;
}
