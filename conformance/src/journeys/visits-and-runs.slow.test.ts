import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { Agent, WebSocket } from "undici";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../app-control.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import type { LiveTerminal } from "../live-command.ts";
import { trialApp } from "../trial-app.ts";
import { visit } from "../visit.ts";
import { waitUntil } from "../wait-until.ts";

/** What visitors of an app meet at the router, and one-off dynos as the person at the terminal meets them. */

let journey: Journey;
let app: JourneyApp;
let control: AppControl;

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("visited", {
    ...trialApp({ types: 'told: echo "$TOLD"\n' }),
    ".profile": 'export TOLD="$TOLD by the profile script"\n',
  });
  control = controlApp(journey, app);
});

afterAll(async () => {
  await journey?.end();
});

describe("the router's own pages", () => {
  test.each([
    ["the API's port", () => journey.platform.apiPort],
    ["the apps' port", () => journey.platform.routerPort],
  ])("%s shows the first page on localhost", async (_which, port) => {
    const page = await visit(port(), `localhost:${port()}`, "/", { accept: "text/html" });
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    expect(page.body).toContain("Conifer");
    expect(page.body).toContain("git push heroku main");
    expect(page.body).not.toContain(journey.platform.access.token);
  });

  test("an unknown host gets the no-such-app page", async () => {
    const page = await visit(journey.platform.routerPort, "nobody-has-this.localhost");
    expect(page.status).toBe(404);
    expect(page.body).toContain("No such app");
  });

  test("an app without code is H81, in its log too", async () => {
    const blank = await journey.makeApp("blank", { "note.txt": "nothing to run\n" });
    const page = await waitUntil("its route", async () => {
      const found = await blank.page();
      return found.status !== 404 && found;
    });
    expect(page.status).toBe(502);
    const line = await blank.logSays(
      /heroku\[router\]: at=info code=H81 desc="Blank app" method=GET path="\/" host=blank\.localhost \S+ fwd="\S+" dyno= .* status=502 /,
    );
    expect(line).toContain(`fwd="${journey.platform.visitor}"`);
  });

  test("maintenance is H80, and no dyno is asked", async () => {
    await app.printed("maintenance:on");
    const page = await waitUntil("the maintenance page", async () => {
      const found = await app.page();
      return found.status === 503 && found;
    });
    expect(page.body).toContain("Down for maintenance");
    await app.logSays(
      /heroku\[router\]: at=info code=H80 desc="Maintenance mode" method=GET path="\/" .* status=503 /,
    );
    await app.printed("maintenance:off");
    await control.answers(() => true);
  });

  test("a request that went well has its line", async () => {
    await app.page("/?with=query");
    const line = await app.logSays(/heroku\[router\]: .*with=query/);
    expect(line).toMatch(
      /at=info method=GET path="\/\?with=query" host=visited\.localhost request_id=\S+ fwd="\S+" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http1\.1 tls=false/,
    );
    expect(line).toContain(`fwd="${journey.platform.visitor}"`);
  });
});

describe("what passes the router", () => {
  const BYTES = 50 * 1024 * 1024;

  test("a WebSocket, both ways, text and binary", async () => {
    const dispatcher = new Agent({
      connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) },
    });
    const socket = new WebSocket(`ws://visited.localhost:${journey.platform.routerPort}/`, { dispatcher });
    socket.binaryType = "arraybuffer";
    await eventOf(socket, "open");
    const echo = async (data: string | Uint8Array<ArrayBuffer>) => {
      const answered = eventOf(socket, "message");
      socket.send(data);
      return ((await answered) as MessageEvent).data;
    };
    expect(await echo("hello")).toBe("hello");
    const big = new Uint8Array(1_000_000).fill(7);
    expect(Buffer.from(await echo(big)).equals(big)).toBe(true);
    const closed = eventOf(socket, "close");
    socket.close(1000);
    expect(await closed).toMatchObject({ code: 1000, wasClean: true });
    await dispatcher.close();
  });

  test("50 MB up", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "conifer!");
    const digest = createHash("sha256");
    const call = request({
      host: "127.0.0.1",
      port: journey.platform.routerPort,
      path: "/up",
      method: "POST",
      headers: { host: "visited.localhost" },
    });
    const answered = once(call, "response");
    for (let sent = 0; sent < BYTES; sent += chunk.length) {
      digest.update(chunk);
      if (!call.write(chunk)) await once(call, "drain");
    }
    call.end();
    const [response] = await answered;
    let text = "";
    for await (const part of response) text += part;
    expect(JSON.parse(text)).toEqual({ bytes: BYTES, digest: digest.digest("hex") });
  }, 180_000);

  test("50 MB down", async () => {
    const page = await app.page(`/down?${BYTES}`);
    expect(page.status).toBe(200);
    expect(page.body.length).toBe(BYTES);
    expect(page.body.endsWith("conifer ")).toBe(true);
  }, 180_000);
});

describe("one-off dynos", () => {
  const open: LiveTerminal[] = [];
  const run = (...args: string[]) => {
    const terminal = journey.person.terminal(["run", "-a", "visited", ...args], { columns: 91, rows: 27 });
    open.push(terminal);
    return terminal;
  };

  afterEach(async () => {
    for (const terminal of open.splice(0)) {
      terminal.kill("SIGKILL");
      await terminal.ended;
    }
    await control.dynosAre("run", []);
  });

  test("a real terminal, with its size", async () => {
    const shell = run("bash");
    await shell.sees(/[$#] $/, 30_000);
    shell.types("stty size; tty\r");
    await shell.sees(/27 91/);
    await shell.sees(/^\/dev\/\S+/m);
    shell.types("echo $DYNO; exit\r");
    await shell.sees(/run\.\d+/);
    expect(await shell.ended).toBe(0);
  }, 180_000);

  test("Ctrl-C reaches the program, not the session", async () => {
    const shell = run("bash");
    await shell.sees(/[$#] $/, 30_000);
    shell.types("sleep 1000; echo after=$?\r");
    await shell.sees(/sleep 1000; echo/);
    await oneOffRuns("sleep");
    shell.types("\x03");
    await shell.sees(/[$#] $/);
    shell.types("echo still $((40+2))\r");
    await shell.sees(/still 42/);
    shell.types("exit 0\r");
    await shell.ended;
  }, 180_000);

  test("the exit status comes through", async () => {
    const command = journey.person.heroku([
      "run",
      "--exit-code",
      "-a",
      "visited",
      "--",
      "sh",
      "-c",
      "exit 3",
    ]);
    expect((await command).code).toBe(3);
    const good = await journey.person.heroku(["run", "--exit-code", "-a", "visited", "--", "true"]);
    expect(good.code).toBe(0);
  }, 180_000);

  test.each([["told"], ["printenv TOLD"]])(
    "the profile script runs once before `%s`",
    async (line) => {
      const told = await journey.person.heroku(["run", "--no-tty", "-a", "visited", "--", line]);
      expect(told.stdout).toBe(" by the profile script\n");
    },
    60_000,
  );

  test("piped standard input, to its end", async () => {
    const counted = await journey.person.heroku(["run", "--no-tty", "-a", "visited", "--", "wc", "-c"], {
      stdin: "x".repeat(100_000),
    });
    expect(counted.stdout).toContain("100000");
    expect(counted.code).toBe(0);
  }, 180_000);

  test("without a terminal the program has none, and its output is not changed", async () => {
    const said = await journey.person.heroku([
      ..."run --no-tty -a visited --".split(" "),
      "node",
      "-e",
      "process.stdout.write(String(process.stdout.isTTY ?? false) + '\\n')",
    ]);
    expect(said.stdout).toBe("false\n");
  }, 180_000);

  test("two at once, each with its own name", async () => {
    const both = [run("--", "sh -c 'echo i am $DYNO; cat'"), run("--", "sh -c 'echo i am $DYNO; cat'")];
    const names = await Promise.all(both.map(async (one) => (await one.sees(/i am (run\.\d+)/, 30_000))[1]));
    expect(new Set(names).size).toBe(2);
    expect((await control.dynos("run")).map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const one of both) one.types("\x04");
    expect(await Promise.all(both.map((one) => one.ended))).toEqual([0, 0]);
    await control.dynosAre("run", []);
  }, 180_000);

  test("detached: its output is in the log", async () => {
    const said = await app.heroku("run:detached", "--", "echo", "said", "by", "nobody");
    expect(said.all).toMatch(/run\.\d+/);
    await app.logSays(/app\[run\.\d+\]: said by nobody/);
    await app.logSays(/heroku\[run\.\d+\]: Process exited with status 0/);
    await control.dynosAre("run", []);
  }, 180_000);

  test("above its memory quota it is told so, and goes on", async () => {
    const program =
      "const a = Buffer.alloc(600 * 2 ** 20, 1); setTimeout(() => console.log('kept', a.length), 45000)";
    await app.heroku("run:detached", "--", "node", "-e", program);
    // One that is measured while it grows has less.
    await app.logSays(/heroku\[run\.\d+\]: Process running mem=6\d\dM\(1[12]\d\.\d%\)/, 60_000);
    await app.logSays(/heroku\[run\.\d+\]: Error R14 \(Memory quota exceeded\)/);
    await app.logSays(/app\[run\.\d+\]: kept 629145600/, 60_000);
    await control.dynosAre("run", []);
  }, 450_000);

  test("ends when its client is killed", async () => {
    const shell = run("bash");
    await shell.sees(/[$#] $/, 30_000);
    await control.dynosAre("run", ["up"]);
    shell.kill("SIGKILL");
    await shell.ended;
    await control.dynosAre("run", []);
    await app.logSays(/heroku\[run\.\d+\]: Client connection closed\. Sending SIGHUP to all processes/);
  }, 180_000);

  async function oneOffRuns(command: string): Promise<void> {
    const look = async () => (await control.dynos("run")).some(({ state }) => state === "up");
    await waitUntil(`a one-off dyno for ${command}`, look);
  }
});

describe("commands inside a running dyno", () => {
  const inside = (...args: string[]) => ["run:inside", "web.1", "-a", "visited", ...args];
  const says = async (...command: string[]) =>
    (await journey.person.heroku(inside("--", ...command))).stdout.trim();
  let serving: string | undefined;

  beforeAll(async () => {
    serving = (await control.dynos())[0]?.id;
  });
  afterEach(async () => {
    expect((await control.dynos()).map(({ id, state }) => [id, state])).toEqual([[serving, "up"]]);
    await control.answers(() => true);
  });

  test("have its environment, with what the profile script adds", async () => {
    const said = await journey.person.heroku(inside("--", "env"));
    expect(said.code).toBe(0);
    const env = new Map(said.stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
    expect(env.get("DYNO")).toBe("web.1");
    expect(env.get("PORT")).toMatch(/^\d+$/);
    expect(env.get("TOLD")).toBe(" by the profile script");
    await app.logSays(/heroku\[web\.1\]: Starting process inside with command `launcher env`/);
  }, 360_000);

  /** How many of the dyno's processes have such an argument; the one that asks does not count. */
  const running = async (argument: string) => {
    const pattern = argument.replace(/.$/, "[$&]");
    return await says("sh", "-c", `cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c '^${pattern}$'`);
  };

  test("share the dyno's files, and see its processes", async () => {
    expect(await says("sh", "-c", "echo shared >/tmp/note")).toBe("");
    expect(await says("cat", "/tmp/note")).toBe("shared");
    expect(await running("node")).toMatch(/^[1-9]/);
  }, 360_000);

  test("the exit status comes through", async () => {
    expect((await journey.person.heroku(inside("--exit-code", "--", "sh", "-c", "exit 3"))).code).toBe(3);
    expect((await journey.person.heroku(inside("--exit-code", "--", "true"))).code).toBe(0);
  }, 360_000);

  test("in a terminal have its size, take Ctrl-C, and end with their client", async () => {
    const shell = journey.person.terminal(inside("--", "bash"), { columns: 91, rows: 27 });
    try {
      await shell.sees(/[$#] $/, 30_000);
      shell.types("stty size\r");
      await shell.sees(/27 91/);
      shell.types("echo begun; sleep 4711; echo after=$?\r");
      await shell.sees(/^begun/m);
      shell.types("\x03");
      await shell.sees(/[$#] $/);
      shell.types("echo on $DYNO; sleep 4712\r");
      await shell.sees(/^on web\.1/m);
      expect(await running("4712")).toBe("1");
    } finally {
      shell.kill("SIGKILL");
      await shell.ended;
    }
    await waitUntil("its end", async () => (await running("4712")) === "0", { ms: 60_000 });
  }, 540_000);

  test("say what is wrong where there is no such dyno", async () => {
    const said = await journey.person.heroku(["run:inside", "web.9", "-a", "visited", "--", "env"]);
    expect(said.code).not.toBe(0);
    expect(said.stderr).toContain("Couldn't find that dyno.");
  }, 360_000);
});

/** The next event of this kind; rejects when the socket fails first. */
function eventOf(socket: WebSocket, kind: "open" | "message" | "close"): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(kind, resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the socket failed")), { once: true });
  });
}
