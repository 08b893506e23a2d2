import type { OperationCorrection } from "../generator/supplement-entry.ts";

export const requestCorrections: readonly OperationCorrection[] = [];
