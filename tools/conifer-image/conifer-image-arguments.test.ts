import { describe, expect, it } from "vitest";
import { ARCHITECTURES, hostArchitecture } from "../images/debian-release.ts";
import { readConiferImageArguments, USAGE } from "./conifer-image-arguments.ts";

const read = (line: string) => readConiferImageArguments(line.split(" ").filter((word) => word !== ""));
const make = (architectures: readonly string[], json = false, purpose = "cluster") => ({
  ...{ verb: "make", architectures, json, purpose },
});

describe("the command line of npm run image", () => {
  it.each([
    ["", make(ARCHITECTURES)],
    ["--json", make(ARCHITECTURES, true)],
    ["--arch host", make([hostArchitecture()])],
    ["--arch=arm64 --json", make(["arm64"], true)],
    ["--arch arm64,amd64", make(["amd64", "arm64"])],
    ["--arch amd64,amd64", make(["amd64"])],
    ["--help", { verb: "help" }],
    ["--json -h", { verb: "help" }],
    ["make", make(ARCHITECTURES)],
    ["--for machine --arch host", make([hostArchitecture()], false, "machine")],
    ["--for=cluster --json", make(ARCHITECTURES, true)],
    [
      "push r.example/a:1 --arch arm64",
      {
        ...{ verb: "push", reference: "r.example/a:1", architectures: ["arm64"], json: false },
        purpose: "cluster",
        registry: { plainHttp: false },
      },
    ],
    [
      "push --plain-http --user=me --password-file - r.example/a:1 --json",
      {
        ...{ verb: "push", reference: "r.example/a:1", architectures: ARCHITECTURES, json: true },
        purpose: "cluster",
        registry: { plainHttp: true, login: { user: "me", passwordFile: "-" } },
      },
    ],
    [
      "verify /some/folder --key k.pub",
      { verb: "verify", image: "/some/folder", key: "k.pub", registry: { plainHttp: false } },
    ],
  ])("%j", (line, wanted) => expect(read(line)).toEqual(wanted));

  it.each([
    ["--arch", /--arch needs a value/],
    ["--arch=", /--arch needs a value/],
    ["--arch riscv64", /not "riscv64"/],
    ["--arch amd64,", /not ""/],
    ["--for", /--for needs a value/],
    ["--for box", /--for takes cluster or machine; not "box"/],
    ["verify a --key k --for machine", /verify does not take --for/],
    ["--arm64", /no option --arm64/],
    ["bake", /no command bake/],
    ["--user me", /make does not take --user/],
    ["make x", /make takes no "x"/],
    ["push", /push takes an image/],
    ["push a b", /push takes no "b"/],
    ["push a --user me", /belong together/],
    ["push a --password-file f", /belong together/],
    ["push a --key k", /push does not take --key/],
    ["verify a", /verify takes --key/],
    ["verify a --key k --json", /verify does not take --json/],
  ])("refuses %j", (line, wanted) => {
    expect(() => read(line)).toThrow(wanted);
    expect(() => read(line)).toThrow(expect.objectContaining({ failure: "usage" }));
  });

  it("has help that fits a terminal of 120 columns", () => {
    for (const line of USAGE.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});
