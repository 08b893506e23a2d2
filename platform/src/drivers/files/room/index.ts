export { makeRequireRoom } from "./require-room.ts";
