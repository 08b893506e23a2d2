import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { type KubeClient, KubeError, type Pod } from "../client/index.ts";
import { placement } from "./build-pod-fixtures.ts";
import { askPodMemory } from "./pod-memory.ts";

/** A server that answers to pods it is asked about in this way, one after the other; the last for ever. */
function asking(...answers: readonly ((pod: Pod) => Pod)[]) {
  const asked: { readonly pod: Pod; readonly isDry: boolean | undefined }[] = [];
  const client = {
    apply: async (pod: Pod, options: { readonly dryRun?: boolean } = {}) => {
      asked.push({ pod, isDry: options.dryRun });
      return answers[Math.min(asked.length, answers.length) - 1]?.(pod);
    },
  };
  return { asked, ask: askPodMemory(client as unknown as KubeClient, placement, silentLogger) };
}

const takes = (pod: Pod) => pod;
const drops = ({ spec: { resources: _, ...spec }, ...pod }: Pod): Pod => ({ ...pod, spec });
const refuses = (status: number, message: string) => () => {
  throw new KubeError("apply of pod asked", { status, reason: "", message });
};

describe("a cluster that is asked for the memory of whole pods", () => {
  it("has it when it keeps the field, and is asked once, with nothing made", async () => {
    const { ask, asked } = asking(takes);
    expect([await ask(), await ask()]).toEqual([true, true]);
    expect(asked).toMatchObject([{ isDry: true, pod: { metadata: { namespace: placement.namespace } } }]);
  });

  it.each([
    ["drops the field", drops],
    [
      "does not know it",
      refuses(500, "failed to create typed patch object: .spec.resources: field not declared in schema"),
    ],
    ["forbids it", refuses(422, "spec.resources: Forbidden: may not be set")],
  ])("has it not when it %s", async (_how, answer) => {
    const { ask, asked } = asking(answer);
    expect([await ask(), await ask()]).toEqual([false, false]);
    expect(asked).toHaveLength(1);
  });

  it("is asked again when it refused the pod for another reason", async () => {
    const { ask } = asking(refuses(403, "exceeded quota: conifer-builds"), takes);
    await expect(ask()).rejects.toThrow("exceeded quota");
    expect(await ask()).toBe(true);
  });
});
