export { type EventFeedOptions, type EventReader, startEventFeed } from "./event-feed.ts";
export { EVENTS_CHANNEL, makeAppendEvent, markRead, pruneEvents, readEvents } from "./outbox.ts";
