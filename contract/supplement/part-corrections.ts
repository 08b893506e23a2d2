import type { PartCorrection } from "../generator/supplement-entry.ts";

export const partCorrections: readonly PartCorrection[] = [];
