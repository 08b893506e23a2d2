export { exportRows, listTables } from "./export-rows.ts";
export { importRows, settleSequences, withoutReferences } from "./import-rows.ts";
