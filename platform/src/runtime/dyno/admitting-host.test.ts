import { describe, expect, it } from "vitest";
import type { LogLine } from "../../kernel/index.ts";
import { admittingHost } from "./admitting-host.ts";
import type { DynoSpec } from "./dyno.ts";
import { makeFakeDynoHost } from "./dyno-host-fake.ts";
import { suiteSpec } from "./dyno-host-suite.ts";

const NOW = new Date("2026-01-02T03:04:05Z");
const claim = { subject: "dynos:app", number: 1 };
const program = () =>
  ({ command: { kind: "process", type: "web" }, displayCommand: "x", image: "signed" }) as const;
const dynoSpec = (change: Partial<DynoSpec>) => suiteSpec({ program }, "serves", { appId: "app", ...change });

function world() {
  const inner = makeFakeDynoHost({ now: () => NOW });
  const lines: LogLine[] = [];
  const refused = new Set(["unsigned"]);
  const host = admittingHost(inner, {
    admit: async (_, image) => (refused.has(image) ? "it is not signed." : undefined),
    runs: (id) => inner.present().some((dyno) => dyno.id === id),
    logs: { write: (line: LogLine) => void lines.push(line) },
    clock: () => NOW,
  });
  return { inner, host, lines, refused, names: () => inner.present().map(({ name }) => name) };
}

describe("a host that admits images", () => {
  it("starts what may start, and tells once why the rest does not", async () => {
    const { host, lines, names } = world();
    const dynos = [
      dynoSpec({ id: "a", name: "web.1", image: "signed" }),
      dynoSpec({ id: "b", name: "worker.1", image: "unsigned" }),
    ];
    await host.apply({ appId: "app", dynos }, claim);
    await host.apply({ appId: "app", dynos }, claim);
    expect(names()).toEqual(["web.1"]);
    expect(lines).toEqual([
      { appId: "app", time: NOW, source: "heroku", process: "worker.1", message: "Error: it is not signed." },
    ]);
  });

  it("leaves alone what runs, and starts it again nowhere else", async () => {
    const { host, inner, refused, names } = world();
    const dynos = [dynoSpec({ id: "a", name: "web.1", image: "signed" })];
    await host.apply({ appId: "app", dynos }, claim);
    refused.add("signed");
    await host.apply({ appId: "app", dynos }, claim);
    expect(names()).toEqual(["web.1"]);
    inner.goAway();
    await host.apply({ appId: "app", dynos }, claim);
    expect(names()).toEqual([]);
  });

  it("refuses one-off dynos, and says so to who asked and in the log", async () => {
    const { host, lines, names } = world();
    const spec = dynoSpec({ id: "r", name: "run.1", image: "unsigned" });
    await expect(host.run(spec, { attach: false })).rejects.toMatchObject({
      id: "forbidden",
      message: "it is not signed.",
    });
    expect(lines).toHaveLength(1);
    await host.run({ ...spec, image: "signed" }, { attach: false });
    expect(names()).toEqual(["run.1"]);
  });
});
