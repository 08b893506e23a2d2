import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FLUSH_PKT, type Packet, pktLine, readPackets } from "./pkt-line.ts";

/**
 * git's proc-receive hook, a process of its own (githooks(5)): hands the commands of a push to Conifer's control process
 * and shows what it says on standard error, which git sends to the client line by line. It decides nothing. Imports stay
 * few: every push waits for its start.
 */

type Command = { ref: string; from?: string; to?: string };
type Answer = { kind: "moved" | "store" | "refused"; ref: string; reason?: string };
type News = { kind: "output"; text: string } | { kind: "answers"; answers: Answer[] };

const GONE = `
 !     Conifer stopped answering while this push was waiting.
 !     If the build had started, it goes on: see \`heroku releases\`, or push again.
`;

async function main(): Promise<void> {
  const packets = readPackets(process.stdin as AsyncIterable<Buffer>);
  await readGroup(packets);
  process.stdout.write(Buffer.concat([pktLine("version=1\0"), Buffer.from(FLUSH_PKT)]));
  const commands = (await readGroup(packets)).map(parseCommand);
  const answers = await askConifer(commands).catch(() => undefined);
  if (!answers) process.stderr.write(GONE);
  const lines = commands.flatMap(({ ref }) =>
    reportOf(
      ref,
      answers?.find((answer) => answer.ref === ref),
    ),
  );
  process.stdout.write(Buffer.concat([...lines.map(pktLine), Buffer.from(FLUSH_PKT)]));
}

/** The packets up to the next flush. */
async function readGroup(packets: AsyncGenerator<Packet>): Promise<string[]> {
  const group: string[] = [];
  for (;;) {
    const { value, done } = await packets.next();
    if (done) throw new Error("git ended before it had sent its commands");
    if (value === undefined) return group;
    group.push(value);
  }
}

function parseCommand(line: string): Command {
  const [from = "", to = "", ...ref] = line.split(" ");
  const named = (oid: string) => !/^0+$/.test(oid);
  return { ref: ref.join(" "), ...(named(from) ? { from } : {}), ...(named(to) ? { to } : {}) };
}

async function askConifer(commands: Command[]): Promise<Answer[] | undefined> {
  const socket = connect(process.env.CONIFER_PUSH_SOCKET ?? "");
  await once(socket, "connect");
  socket.write(`${JSON.stringify({ token: process.env.CONIFER_PUSH_TOKEN, commands })}\n`);
  let answers: Answer[] | undefined;
  for await (const news of readNews(socket)) {
    if (news.kind === "output") process.stderr.write(news.text);
    else answers = news.answers;
  }
  return answers;
}

async function* readNews(socket: Socket): AsyncGenerator<News> {
  socket.setEncoding("utf8");
  let rest = "";
  for await (const chunk of socket as unknown as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

function reportOf(ref: string, answer: Answer | undefined): string[] {
  if (!answer) return [`ng ${ref} Conifer did not answer`];
  if (answer.kind === "refused") return [`ng ${ref} ${answer.reason ?? "refused"}`];
  return answer.kind === "store" ? [`ok ${ref}`, "option fall-through"] : [`ok ${ref}`];
}

await main();
