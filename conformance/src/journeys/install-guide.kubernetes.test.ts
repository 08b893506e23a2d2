import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LiveTerminal, startTerminal } from "../live-command.ts";
import { CLONE } from "../running-platform.ts";
import { installStockClient } from "../stock-client.ts";
import { type GuideBlock, readGuide } from "../typed-guide.ts";

/**
 * docs/guides/install.md, typed as it is written, in a terminal. The cluster is there already, and what the suite has
 * installed is found by the first commands, so that they bring it to what it is.
 */

/** Tells how the command before it ended. */
const PROMPT = "guide:$?> ";
const PROMPTED = /guide:(\d+)> $/;
const GUIDE_MS = 600_000;
const { KUBECONFIG, CONIFER_INSTALLATION, PATH = "", LANG = "C.UTF-8" } = process.env;
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

let home: string;
let shell: LiveTerminal;
let connected: LiveTerminal;

const page = readFileSync(join(CLONE, "docs/guides/install.md"), "utf8");
const blocks = readGuide(page).filter(({ heading }) => heading === "From a bare cluster to a first app");

function blockWith(text: string): GuideBlock {
  const found = blocks.filter(({ commands }) => commands.some((command) => command.includes(text)));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} blocks have "${text}"`);
  return found[0];
}

async function openShell(client: string): Promise<LiveTerminal> {
  const inputrc = join(home, "inputrc");
  writeFileSync(inputrc, "set enable-bracketed-paste off\n");
  const env = {
    ...{ HOME: home, KUBECONFIG: KUBECONFIG ?? "", LANG, PS1: PROMPT, NO_COLOR: "1", INPUTRC: inputrc },
    PATH: `${dirname(client)}:${PATH}`,
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
    ...(process.env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } : {}),
  };
  const opened = startTerminal("bash", ["--norc", "--noprofile", "-i"], { cwd: CLONE, env, columns: 1_000 });
  await opened.sees(PROMPTED);
  return opened;
}

/** Types a command, says yes where it asks, and returns what it printed once the prompt is back. It must succeed. */
async function type(command: string): Promise<string> {
  const before = shell.output().length;
  shell.types(`${command}\r`);
  let ending = await shell.sees(/\[y\/N\] |guide:(\d+)> $/, GUIDE_MS);
  if (ending[1] === undefined) {
    shell.types("y\r");
    ending = await shell.sees(PROMPTED, GUIDE_MS);
  }
  const printed = shell.output().slice(before);
  expect(ending[1], printed).toBe("0");
  return printed;
}

describe.skipIf(!CONIFER_INSTALLATION)("the guide, as it is written", () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "conifer-guide-"));
    shell = await openShell(await installStockClient());
  });
  afterAll(async () => {
    for (const terminal of [connected, shell]) terminal?.kill("SIGHUP");
    await Promise.allSettled([connected?.ended, shell?.ended]);
    rmSync(home, { recursive: true, force: true });
  });

  test(
    "looks first, then installs",
    async () => {
      const [check = "", install = ""] = blockWith("install --check").commands;
      expect(await type(check)).toContain("ok");
      // As the page says of networks with an authority of their own.
      const trust = existsSync(CERTIFICATES) ? ` --ca-bundle ${CERTIFICATES}` : "";
      expect(await type(`${install}${trust}`)).toContain("is installed");
    },
    GUIDE_MS,
  );

  test(
    "gives it its images",
    async () => {
      for (const command of blockWith("conifer -- images").commands) await type(command);
    },
    GUIDE_MS,
  );

  test(
    "leads a shell there, from which a first app is pushed and answers",
    async () => {
      connected = await openShell(await installStockClient());
      const [connect = ""] = blockWith("conifer -- connect").commands;
      connected.types(`${connect}\r`);
      const [, printed = ""] = await connected.sees(/(export CONIFER_HOME=\S+)/, 60_000);

      const [exported = "", evaluated = ""] = blockWith("export CONIFER_HOME").commands;
      const form = exported.replace("~", home).replace("<context>", "");
      expect(printed.replaceAll("'", "")).toContain(form);
      await type(printed);
      await type(evaluated);

      const folder = join(home, "app");
      cpSync(join(CLONE, "examples/node-express"), folder, { recursive: true });
      const person = "-c user.email=person@example.com -c user.name=Person";
      await type(`cd ${folder} && git init -q -b main && git add . && git ${person} commit -qm First`);
      const [create = "", push = "", curl = ""] = blockWith("heroku create").commands;
      await type(create);
      expect(await type(push)).toMatch(/Released v\d+/);
      expect(await type(curl)).toContain("Hello from Express");
      await type("heroku apps:destroy my-first-app --confirm my-first-app");
    },
    GUIDE_MS,
  );
});
