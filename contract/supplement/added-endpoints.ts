import type { AddedEndpoint } from "../generator/supplement-entry.ts";

export const addedEndpoints: readonly AddedEndpoint[] = [];
