import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import type { Python } from "./base-pythons.ts";
import { providePython } from "./provide-python.ts";
import { type PythonStatements, pythonRequirement } from "./python-version.ts";

/** The Python for what an app's files say. Throws a BuildFailure when they cannot be read, or none is to be had. */
export async function findPython(context: BuildContext, stated: PythonStatements): Promise<Python> {
  const read = pythonRequirement(stated);
  if (!read.ok) {
    const range = read.statedIn.includes("pyproject");
    throw new BuildFailure(
      `"${read.text}" is no Python version${range ? " range" : ""} (${read.statedIn}).`,
      [range ? "Write it as >=3.11 or >=3.11,<3.14." : "Write it as 3.11 or 3.11.2."],
    );
  }
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    return await providePython(context, read.requirement, { fetcher });
  } finally {
    await fetcher.close();
  }
}
