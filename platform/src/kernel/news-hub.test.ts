import { expect, test } from "vitest";
import { makeNewsHub } from "./news-hub.ts";

test("a watcher gets the first value, then changes in order", async () => {
  const hub = makeNewsHub<string>();
  const stop = new AbortController();
  const watch = hub.watch(stop.signal, () => "all");
  expect((await watch.next()).value).toBe("all");
  hub.publish("a", "a1");
  hub.publish("b", "b1");
  expect((await watch.next()).value).toBe("a1");
  expect((await watch.next()).value).toBe("b1");
  const waiting = watch.next();
  hub.publish("c", "c1");
  expect((await waiting).value).toBe("c1");
  stop.abort();
  expect((await watch.next()).done).toBe(true);
});

test("for a slow watcher only the newest value of a key is kept", async () => {
  const hub = makeNewsHub<string>();
  const watch = hub.watch(new AbortController().signal, () => "all");
  await watch.next();
  for (let n = 0; n < 1_000; n++) hub.publish("a", `a${n}`);
  hub.publish("b", "b0");
  expect((await watch.next()).value).toBe("a999");
  expect((await watch.next()).value).toBe("b0");
  await watch.return(undefined);
});

test("the first value is taken when the watcher begins to read, and nothing is missed after it", async () => {
  const hub = makeNewsHub<string>();
  let state = "old";
  const watch = hub.watch(new AbortController().signal, () => state);
  state = "new";
  hub.publish("a", "too early");
  expect((await watch.next()).value).toBe("new");
  hub.publish("a", "a1");
  expect((await watch.next()).value).toBe("a1");
  await watch.return(undefined);
});

test("a watcher that waits ends when its signal aborts; an aborted one never begins", async () => {
  const hub = makeNewsHub<string>();
  const stop = new AbortController();
  const watch = hub.watch(stop.signal, () => "all");
  await watch.next();
  const waiting = watch.next();
  stop.abort();
  expect((await waiting).done).toBe(true);
  expect((await hub.watch(stop.signal, () => "all").next()).done).toBe(true);
});
