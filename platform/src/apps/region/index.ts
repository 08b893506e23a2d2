export {
  CONTAINER_STACK,
  defaultRegion,
  defaultStack,
  findByIdentity,
  generations,
  regions,
  stacks,
} from "./region.ts";
export { regionHandlers } from "./region-api.ts";
