import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type AppBuilds,
  type Files,
  makeAppBuilds,
  makeFolder,
  runProgram,
} from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

// Real builds with toolchains and modules of the module proxy.

const EXAMPLE = path.resolve(import.meta.dirname, "../../../examples/go-web");
const NOWHERE = { GOPROXY: "http://127.0.0.1:9", CONIFER_RUNTIME_SOURCES: "go=http://127.0.0.1:9" };
const COLD = 300_000;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
let example: AppBuilds;
let count = 0;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/go")?.dir ?? "";
  example = await appOf(EXAMPLE);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
afterAll(() => folder.remove());

/** An app that begins with the toolchain and the compiled standard library of the example's build. */
function appOf(source: string | Files, seeded = false): Promise<AppBuilds> {
  const seed = seeded ? { seed: { from: example.layers, layers: ["toolchain", "go-build"] } } : {};
  return makeAppBuilds(path.join(folder.at, `app-${++count}`), { buildpack, source, ...seed });
}

const binary = (app: AppBuilds, name: string) => path.join(app.layers, "commands", "bin", name);

/** Boots a command on a port of its own, and gives what it answers. */
async function answerOf(app: AppBuilds, name: string): Promise<string> {
  const server = createServer();
  await once(server.listen(0), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const child = spawn(binary(app, name), [], { cwd: app.app, env: { PORT: String(port) }, stdio: "ignore" });
  running.push(child);
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.text(),
      () => "",
    );
  await expect.poll(ask, { timeout: 20_000, interval: 30 }).not.toBe("");
  return ask();
}

function serverThatSays(words: string): string {
  return `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ${words}) })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`;
}

describe("a module with several commands, from its first build on", () => {
  let first: string;

  it("is taken", async () => {
    expect(await example.detect()).toMatchObject({ code: 0, output: "" });
  });

  it(
    "is built cold",
    async () => {
      const { code, output } = await example.build();
      expect(output).toMatch(
        /^-----> Go app detected\n {7}Version asked for: Go 1\.25, the newest of its line \(the go line of go\.mod\)\n {7}Using Go 1\.25\.\d+ from the Go module proxy\n/,
      );
      expect(output).toContain("-----> Building web, worker");
      expect(code).toBe(0);
      expect(await answerOf(example, "web")).toBe("Hello from Go, release unknown\n");
      expect((await example.launch()).processes).toEqual([
        { type: "web", command: ["web"], args: [], default: true },
        { type: "worker", command: ["worker"], args: [], default: false },
      ]);
      first = await example.digest("commands");
    },
    COLD,
  );

  it("has nothing of the build in its binaries", async () => {
    const text = (await readFile(binary(example, "web"))).toString("latin1");
    expect(text).not.toContain(folder.at);
    expect(text).not.toContain("vcs.time");
  });

  it(
    "is built again with nothing asked",
    async () => {
      const { code, output, ms } = await example.build(NOWHERE_AT_ALL);
      expect(output).toMatch(/Using Go 1\.25\.\d+, as at the last build/);
      expect(code).toBe(0);
      expect(await example.digest("commands")).toBe(first);
      expect(ms).toBeLessThan(15_000);
    },
    COLD,
  );

  it(
    "gives the same binaries elsewhere, from empty caches",
    async () => {
      const other = await makeAppBuilds(path.join(folder.at, "another", "place"), {
        buildpack,
        source: EXAMPLE,
        seed: { from: example.layers, layers: ["toolchain"] },
      });
      expect(await other.build()).toMatchObject({ code: 0 });
      expect(await other.digest("commands")).toBe(first);
    },
    COLD,
  );
});

const NOWHERE_AT_ALL = { GOPROXY: NOWHERE.GOPROXY };

describe("other layouts", () => {
  it(
    "a plain module is its own web process",
    async () => {
      const app = await appOf(
        {
          "go.mod": "module example.com/apps/plain/v2\n\ngo 1.25\n",
          "main.go": serverThatSays('"plain"'),
          "examples/other/main.go": "package main\n\nthis does not even compile\n",
        },
        true,
      );
      const { code, output } = await app.build(NOWHERE_AT_ALL);
      expect(output).toContain("Building plain\n");
      expect(code).toBe(0);
      expect(await answerOf(app, "plain")).toBe("plain");
      expect((await app.launch()).processes).toMatchObject([{ type: "web", command: ["plain"] }]);
    },
    COLD,
  );

  it(
    "vendored modules are taken from the repository",
    async () => {
      const app = await appOf(
        {
          "go.mod": "module example.com/sold\n\ngo 1.25\n\nrequire example.com/dep v1.0.0\n",
          "main.go": serverThatSays("dep.Words").replace('"fmt"', '"example.com/dep"\n\t"fmt"'),
          "vendor/modules.txt": "# example.com/dep v1.0.0\n## explicit; go 1.25\nexample.com/dep\n",
          "vendor/example.com/dep/dep.go": 'package dep\n\nconst Words = "vendored"\n',
        },
        true,
      );
      const { code, output } = await app.build(NOWHERE_AT_ALL);
      expect(output).toContain("Using the modules of the vendor folder");
      expect(code).toBe(0);
      expect(await answerOf(app, "sold")).toBe("vendored");
      await app.change({ "vendor/modules.txt": "" });
      const broken = await app.build(NOWHERE_AT_ALL);
      expect(broken.code).toBe(1);
      expect(broken.output).toContain(" !       go mod vendor && git add vendor");
    },
    COLD,
  );

  it(
    "a workspace's modules are built together",
    async () => {
      const app = await appOf(
        {
          "go.work": "go 1.25\n\nuse (\n\t./site\n\t./words\n)\n",
          "site/go.mod": "module example.com/site\n\ngo 1.25\n",
          "site/main.go": serverThatSays("words.Say()").replace('"fmt"', '"example.com/words"\n\t"fmt"'),
          "words/go.mod": "module example.com/words\n\ngo 1.25\n",
          "words/words.go": 'package words\n\nfunc Say() string { return "from a workspace" }\n',
          "words/cmd/count/main.go": "package main\n\nfunc main() {}\n",
        },
        true,
      );
      const { code, output } = await app.build(NOWHERE_AT_ALL);
      expect(output).toContain("(the go line of go.work)");
      expect(code).toBe(0);
      expect(await answerOf(app, "site")).toBe("from a workspace");
      expect((await app.launch()).processes).toMatchObject([{ type: "web" }, { type: "count" }]);
    },
    COLD,
  );

  it(
    "C code is compiled where there is a compiler",
    async ({ skip }) => {
      const gcc = await runProgram("gcc", ["--version"], { cwd: "/", env: process.env }).catch(
        () => undefined,
      );
      if (gcc?.code !== 0) skip("there is no gcc on this machine");
      const app = await appOf(
        {
          "go.mod": "module example.com/mixed\n\ngo 1.25\n",
          "main.go": serverThatSays("C.GoString(C.words())").replace(
            'import (\n\t"fmt"',
            '// static const char *words(void) { return "from C"; }\nimport "C"\nimport (\n\t"fmt"',
          ),
        },
        true,
      );
      expect(await app.build(NOWHERE_AT_ALL)).toMatchObject({ code: 0 });
      expect(await answerOf(app, "mixed")).toBe("from C");
    },
    COLD,
  );
});

describe("versions", () => {
  it(
    "of years ago are fetched and checked by the checksum database",
    async () => {
      const app = await appOf({
        "go.mod": "module example.com/old\n\ngo 1.22.5\n\ntoolchain go1.22.6\n",
        "main.go": serverThatSays("runtime.Version()").replace('"os"', '"os"\n\t"runtime"'),
      });
      const { code, output } = await app.build();
      expect(output).toContain("Version asked for: Go 1.22.6 (the toolchain line of go.mod)");
      expect(output).toContain("Using Go 1.22.6 from the Go module proxy");
      expect(code).toBe(0);
      expect(await answerOf(app, "old")).toBe("go1.22.6");
    },
    COLD,
  );

  it("that are not to be had are told with those that are", async () => {
    const app = await appOf({ "go.mod": "module example.com/x\n\ngo 1.98\n", "main.go": "package main\n" });
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain(" !     Go 1.98 (the go line of go.mod) is not to be had.");
    expect(output).toMatch(/the Go module proxy has 1\.\d+\.\d+, 1\./);
  });

  it("need a source that can be reached", async () => {
    const app = await appOf({ "go.mod": "module example.com/x\n", "main.go": "package main\n" });
    const { code, output } = await app.build(NOWHERE);
    expect(code).toBe(1);
    expect(output).toContain(" !     No source of Go could be reached.");
  });
});

describe("what goes wrong", () => {
  it.each<[string, Files, string]>([
    [
      "a module that go.sum does not know",
      { "main.go": 'package main\n\nimport _ "github.com/go-chi/chi/v5"\n\nfunc main() {}\n' },
      "  go mod tidy && git add go.mod go.sum",
    ],
    [
      "code that does not compile",
      { "main.go": "package main\n\nfunc main() { x }\n" },
      "See its output above.",
    ],
    ["no command", { "lib.go": "package lib\n" }, "An app has a package main"],
    [
      "two commands of one name",
      { "cmd/web/main.go": "package main\n\nfunc main() {}\n", "cmd/v1/web/main.go": "package main\n" },
      "More than one command would be called web",
    ],
  ])("%s is told with what to do", async (_name, files, words) => {
    const app = await appOf({ "go.mod": "module example.com/broken\n\ngo 1.25\n", ...files }, true);
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain(words);
  });
});
