export { startEventFeed } from "./event-feed.ts";
export { makeAppendEvent, pruneEvents } from "./outbox.ts";
