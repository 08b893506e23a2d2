import { afterAll, beforeAll, describe, it } from "vitest";
import { openLifecycle, type TestedLifecycle } from "./lifecycle-case-fixtures.ts";
import { CASES, REQUIREMENTS } from "./lifecycle-case-suite.ts";

/** The phase programs of another lifecycle, to try the very same cases on. */
const FOLDER = process.env.CONIFER_TEST_LIFECYCLE;

let lifecycle: TestedLifecycle;
beforeAll(async () => {
  lifecycle = await openLifecycle(FOLDER);
});
afterAll(() => lifecycle.dispose());

const wordsOf = (id: string) => {
  const found = REQUIREMENTS.find((one) => one.id === id);
  return found ? `${found.document}: ${found.paragraph}: ${found.says}` : id;
};

describe(`Platform API 0.15 and Buildpack API 0.12, ${FOLDER ?? "our lifecycle"}`, () => {
  it.concurrent.each(CASES.map((one) => ({ ...one, title: one.meets.map(wordsOf).join("; ") })))(
    "$title",
    async ({ run }) => run(lifecycle),
  );
});
