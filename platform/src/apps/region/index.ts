export {
  defaultRegion,
  defaultStack,
  findByIdentity,
  type Generation,
  generations,
  regions,
  stacks,
} from "./region.ts";
export { regionHandlers } from "./region-api.ts";
