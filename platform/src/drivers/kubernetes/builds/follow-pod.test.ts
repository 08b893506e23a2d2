import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { KubeClient, Pod } from "../client/index.ts";
import { CANCELLED } from "./build-labels.ts";
import { PARTS, type PartName } from "./build-parts.ts";
import { bounds, type PartStates, podOf } from "./build-pod-fixtures.ts";
import { followPod, WAITS_FOR_ROOM } from "./follow-pod.ts";
import type { PodView } from "./pod-board.ts";

const digest = `sha256:${"12".repeat(32)}`;
const before = { prepare: 0, analyzer: 0, detector: 0, restorer: 0, builder: 0, exporter: 0 } as const;

/** A pod whose states come one after the other, each when the one before has been looked at. */
function viewOf(...states: readonly Pod[]): PodView {
  let at = 0;
  return {
    pod: () => states[at] as Pod,
    gone: () => false,
    changed: async (signal) => {
      if (at < states.length - 1) at += 1;
      else await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    close: () => {},
  };
}

/** A cluster whose containers have written these texts. */
function clusterWith(logs: Partial<Record<PartName, string>>) {
  const stream = async (_: string, query: { readonly container?: unknown }) =>
    Readable.from([Buffer.from(logs[query.container as PartName] ?? "\u001eend 0\n")]);
  return { stream } as unknown as KubeClient;
}

async function follow(view: PodView, logs: Partial<Record<PartName, string>> = {}, troubleMs = 20) {
  const options = { client: clusterWith(logs), namespace: "builds", bounds, logger: silentLogger, troubleMs };
  const following = followPod(view, options, new AbortController().signal);
  let text = "";
  for (;;) {
    const { done, value } = await following.next();
    if (done) return { text, end: value };
    text += value;
  }
}

describe("following a build's pod", () => {
  it("tells all containers' output in order, and the image before the cluster tells of the end", async () => {
    const logs = Object.fromEntries(PARTS.map((part) => [part, `${part}\n\u001eend 0\n`]));
    const { text, end } = await follow(viewOf(podOf()), {
      ...logs,
      deliver: `\u001eimage ${digest}\n\u001eend 0\n`,
    });
    expect(text).toBe(PARTS.slice(0, -1).join("\n").concat("\n"));
    expect(end).toEqual({ kind: "image", digest });
  });

  it("believes an image only of the container that delivers it", async () => {
    const forged = `\u001eimage ${digest}\n\u001eend 51\n`;
    const failed = podOf({ ...before, builder: 51, exporter: 0, deliver: 0 });
    const { end } = await follow(viewOf(podOf(), failed), { builder: forged });
    expect(end).toMatchObject({ kind: "failed", exitCode: 51 });
  });

  it("ends with the container that failed", async () => {
    const states: PartStates = { prepare: 0, analyzer: 0, detector: 20, restorer: 0 };
    const logs = { detector: "nothing fits\n\u001eend 20\n" };
    const { text, end } = await follow(viewOf(podOf(), podOf(states)), logs);
    expect(text).toBe("nothing fits\n");
    expect(end).toMatchObject({ kind: "failed", exitCode: 20 });
  });

  it("says once that there is no room", async () => {
    const conditions = [{ type: "PodScheduled", status: "False" }];
    const waiting = podOf({}, { status: { phase: "Pending", containerStatuses: [], conditions } });
    const { text } = await follow(viewOf(waiting, waiting, waiting, podOf()), {
      deliver: `\u001eimage ${digest}\n\u001eend 0\n`,
    });
    expect(text).toBe(WAITS_FOR_ROOM);
  });

  it("gives a pod up that cannot be started, and not one that can soon", async () => {
    const trouble = podOf(Object.fromEntries(PARTS.map((part) => [part, { waiting: "ErrImagePull" }])));
    expect((await follow(viewOf(trouble))).end).toEqual({
      kind: "broken",
      message: "The build's pod cannot be started: ErrImagePull: why.",
    });
    const delivered = { deliver: `\u001eimage ${digest}\n\u001eend 0\n` };
    expect((await follow(viewOf(trouble, podOf()), delivered, 10_000)).end?.kind).toBe("image");
  });

  it("hears of a cancellation, whatever the pod does", async () => {
    const cancelled = podOf({}, { metadata: { annotations: { [CANCELLED]: "yes" } } });
    expect((await follow(viewOf(cancelled))).end).toEqual({ kind: "cancelled" });
  });

  it("tells that the cluster took the pod away", async () => {
    const removed = podOf({}, { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z" } });
    expect((await follow(viewOf(removed), { prepare: "\u001eend 1\n" })).end?.kind).toBe("taken");
  });

  it("returns nothing when nobody listens any more", async () => {
    const leaving = AbortSignal.abort();
    const options = {
      ...{ client: clusterWith({}), namespace: "builds", bounds, logger: silentLogger, troubleMs: 20 },
    };
    expect(await followPod(viewOf(podOf()), options, leaving).next()).toEqual({
      done: true,
      value: undefined,
    });
  });
});
