export { BILL_TYPE } from "./billed-image.ts";
export { type Component, type Inventory, makeInventory } from "./component.ts";
export { makeCycloneDxBill } from "./cyclonedx-bill.ts";
export {
  copyInventory,
  findComponents,
  findSetOf,
  forgetUnusedSets,
  listComponents,
  recordInventory,
} from "./inventory-store.ts";
export { type MovedTo, moveCycloneDxBill, moveSpdxBill } from "./moved-bill.ts";
export { nameIn } from "./package-url.ts";
export { type InventorySources, readInventory } from "./read-inventory.ts";
export { makeSpdxBill } from "./spdx-bill.ts";
