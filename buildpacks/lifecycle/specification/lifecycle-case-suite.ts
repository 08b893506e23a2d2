import { buildCases } from "./build-case-suite.ts";
import { BUILDPACK_REQUIREMENTS } from "./buildpack-requirements-fixtures.ts";
import { detectCases } from "./detect-case-suite.ts";
import { exportCases } from "./export-case-suite.ts";
import { launchCases } from "./launch-case-suite.ts";
import { layerCases } from "./layer-case-suite.ts";
import type { LifecycleCase } from "./lifecycle-case-fixtures.ts";
import { PLATFORM_REQUIREMENTS } from "./platform-requirements-fixtures.ts";
import { rebaseCases } from "./rebase-case-suite.ts";
import { usageCases } from "./usage-case-suite.ts";

/** Everything that the two specifications ask of a lifecycle. */
export const REQUIREMENTS = [...PLATFORM_REQUIREMENTS, ...BUILDPACK_REQUIREMENTS];

/** Everything that is tried. */
export const CASES: readonly LifecycleCase[] = [
  ...[...usageCases, ...detectCases, ...buildCases, ...layerCases],
  ...[...exportCases, ...rebaseCases, ...launchCases],
];
