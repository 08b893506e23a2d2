export { startEventFeed } from "./event-feed.ts";
export { adoptEvents, makeAppendEvent, pruneEvents, readLags } from "./outbox.ts";
