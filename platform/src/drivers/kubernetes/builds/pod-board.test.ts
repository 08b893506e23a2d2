import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../delivery/registry/registry-fixtures.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { type HeldCluster, type HeldObject, openHeldCluster } from "../client/held-cluster-fixtures.ts";
import type { KubeClient, Pod } from "../client/index.ts";
import { podOf } from "./build-pod-fixtures.ts";
import { openPodBoard, type PodBoard, type PodView } from "./pod-board.ts";

let cluster: HeldCluster;
const boards: PodBoard[] = [];

beforeEach(async () => {
  cluster = await openHeldCluster();
});
afterEach(async () => {
  for (const board of boards.splice(0)) await board.stop();
  await cluster.close();
});

async function openBoard(client: KubeClient = cluster.client): Promise<PodBoard> {
  const board = openPodBoard({ client, namespace: "conifer-builds", logger: silentLogger });
  boards.push(board);
  await board.ready;
  return board;
}

/** A build's pod as the cluster has it from now on. */
function put(name: string, uid = "u1", phase = "Running", labels?: Record<string, string>): Pod {
  const pod = podOf({}, { metadata: { name, uid, ...(labels && { labels }) }, status: { phase } });
  return cluster.put(pod as unknown as HeldObject) as unknown as Pod;
}

const path = (name: string) => `pods/conifer-builds/${name}`;
const never = new AbortController().signal;

/** Follows its changes until it is as wanted. */
async function until(view: PodView, holds: () => boolean): Promise<void> {
  while (!holds()) await view.changed(never);
}

describe("the board of builds' pods", () => {
  it("has those that were there, came, and were not removed", async () => {
    put("one");
    put("two", "u2");
    put("no-build", "u3", "Running", { "app.kubernetes.io/managed-by": "conifer" });
    const board = await openBoard();
    const names = () => board.pods().map(({ metadata }) => metadata.name);
    expect(names()).toEqual(["one", "two"]);
    put("three", "u4");
    cluster.drop(path("one"));
    await eventually(names).toEqual(["two", "three"]);
  });
});

describe("a pod that is followed", () => {
  it("is told as it is at each change, and that it is gone", async () => {
    const board = await openBoard();
    const view = board.follow(put("one", "u1", "Pending"));
    put("one", "u1", "Running");
    await until(view, () => view.pod().status?.phase === "Running");
    expect(view.gone()).toBe(false);
    cluster.drop(path("one"));
    await until(view, () => view.gone());
    expect(view.pod().status?.phase).toBe("Running");
  });

  it("begins with what is known, when that is newer than what it was made of", async () => {
    const made = put("one", "u1", "Pending");
    put("one", "u1", "Running");
    const board = await openBoard();
    expect(board.follow(made).pod().status?.phase).toBe("Running");
  });

  it("is not another one of that name", async () => {
    const board = await openBoard();
    const old = put("one", "old");
    const view = board.follow(old);
    await eventually(() => board.pods().length).toBe(1);
    cluster.drop(path("one"));
    const fresh = put("one", "new", "Pending");
    await until(view, () => view.gone());
    expect(view.pod().metadata.uid).toBe("old");
    await eventually(() => board.pods()[0]?.metadata.uid).toBe("new");
    expect(board.follow(old).pod().metadata.uid).toBe("old");
    expect(board.follow(fresh).gone()).toBe(false);
  });

  it("is gone when a new list has it no more and the cluster confirms that", async () => {
    const pod = put("one");
    const stays = put("two", "u2");
    const board = await openBoard();
    const [view, other] = [board.follow(pod), board.follow(stays)];
    // The watch was lost, and with it the word of the end.
    await cluster.loseWatches(path("one"));
    await until(view, () => view.gone());
    expect(other.gone()).toBe(false);
  });

  it("is not gone because a list was older than the pod", async () => {
    const lists: string[] = [];
    const gets: string[] = [];
    const stale: KubeClient = {
      ...cluster.client,
      list: async (place, query, signal) => {
        lists.push("list");
        return { ...(await cluster.client.list(place, query, signal)), items: [] };
      },
      get: async (place, name) => {
        gets.push(name);
        return await cluster.client.get(place, name);
      },
    };
    const board = await openBoard(stale);
    const view = board.follow(put("one"));
    await eventually(() => board.pods().length).toBe(1);
    const confirmed = view.changed(never);
    await cluster.loseWatches();
    await confirmed;
    expect([lists.length, gets, view.gone()]).toEqual([2, ["one"], false]);
    // Nor because the cluster does not say.
    cluster.refuse = ({ method, path: asked }) =>
      method === "GET" && asked === path("one") ? [500, "InternalError", "away"] : undefined;
    await cluster.loseWatches();
    await eventually(() => gets.length).toBe(2);
    put("one", "u1", "Succeeded");
    await until(view, () => view.pod().status?.phase === "Succeeded");
    expect(view.gone()).toBe(false);
  });

  it("lets go of whoever waits when the signal aborts, before or after", async () => {
    const board = await openBoard();
    const view = board.follow(put("one"));
    await view.changed(AbortSignal.abort());
    const leaving = new AbortController();
    const waiting = Promise.all([view.changed(leaving.signal), view.changed(leaving.signal)]);
    leaving.abort();
    await waiting;
  });

  it("is told to all who follow it, and to nobody who has closed", async () => {
    const board = await openBoard();
    const pod = put("one", "u1", "Pending");
    const [left, first, second] = [board.follow(pod), board.follow(pod), board.follow(pod)];
    left.close();
    put("one", "u1", "Running");
    for (const view of [first, second]) await until(view, () => view.pod().status?.phase === "Running");
    expect(left.pod().status?.phase).toBe("Pending");
  });
});
