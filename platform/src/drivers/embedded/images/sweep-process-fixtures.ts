import { setTimeout as sleep } from "node:timers/promises";
import { openSweptStores } from "./sweep-fixtures.ts";

/** A process that sweeps a store slowly, to be killed in the middle: `<folder> <known digest>…`. Says when it begins. */
const [folder = "", ...known] = process.argv.slice(2);
const stores = await openSweptStores(folder);
console.log("begins");
await stores.sweep({ known, graceMs: 0, onAside: () => sleep(2) });
