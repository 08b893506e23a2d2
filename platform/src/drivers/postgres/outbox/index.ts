export { type EventFeedOptions, type EventReader, startEventFeed } from "./event-feed.ts";
export { makeAppendEvent, pruneEvents } from "./outbox.ts";
