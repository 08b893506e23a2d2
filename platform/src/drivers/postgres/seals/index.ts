export { outlastTransactions } from "./old-transactions.ts";
export { countSeals, rewrapAll } from "./rewrap-rows.ts";
