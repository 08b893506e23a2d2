import { describe, expect, test } from "vitest";
import { placeOnNodes } from "./pod-nodes.ts";

const lost = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 7 },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 7 },
];
const bySize = new Map([["performance-l", { key: "pool", value: "big" }]]);

describe("a dyno", () => {
  test("goes anywhere, and leaves a lost node soon, where nothing else is said", () => {
    expect(placeOnNodes({ size: "Standard-1X" }, {}, 7)).toEqual({ tolerations: lost });
    expect(placeOnNodes({}, { bySize }, 7)).toEqual({ tolerations: lost });
  });

  test("goes where its image's processor is", () => {
    expect(placeOnNodes({}, { architecture: "arm64" }, 7)).toEqual({
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      tolerations: lost,
    });
  });

  test("of an image for several processors goes to nodes of each", () => {
    const architectures = ["amd64", "arm64"];
    expect(placeOnNodes({ architectures }, { architecture: "arm64" }, 7)).toEqual({ tolerations: lost });
    expect(placeOnNodes({ architectures: ["arm64"] }, { architecture: "arm64" }, 7)).toHaveProperty(
      "nodeSelector",
    );
    expect(
      placeOnNodes({ architectures, size: "Performance-L" }, { architecture: "amd64", bySize }, 7),
    ).toMatchObject({
      nodeSelector: { pool: "big" },
    });
  });

  test("of a size with nodes of its own goes there and nowhere else, whatever the case of its name", () => {
    expect(placeOnNodes({ size: "Performance-L" }, { architecture: "amd64", bySize }, 7)).toEqual({
      nodeSelector: { "kubernetes.io/arch": "amd64", pool: "big" },
      tolerations: [...lost, { key: "pool", value: "big", operator: "Equal" }],
    });
  });

  test("of another size stays away", () => {
    expect(placeOnNodes({ size: "Eco" }, { bySize }, 7)).not.toHaveProperty("nodeSelector");
  });
});
