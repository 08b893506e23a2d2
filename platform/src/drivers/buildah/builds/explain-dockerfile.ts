/** What a build by a Dockerfile said last, and of what. */
export interface DockerfileEnd {
  readonly dockerfile: string;
  /** The end of what the builder printed. */
  readonly tail: string;
  readonly exitCode: number;
  /** Whether it had the operator's logins, so that a registry that refuses means these. */
  readonly withLogin?: boolean;
}

const REFUSED =
  /(?:reading manifest (\S+) in (\S+?)|initializing source docker:\/\/(\S+?)): [^\n]*(?:denied|unauthorized|authentication required|invalid username)/i;

type Cause = readonly [RegExp, (match: RegExpExecArray, end: DockerfileEnd) => string];

/** Each is looked for in the output's end; the first that is found tells most. */
const CAUSES: readonly Cause[] = [
  [
    /^unshare: unshare failed: /m,
    () =>
      "The node that builds gives no user namespaces, in which steps run. Its operator finds what nodes need in the guide on containers.",
  ],
  [
    /setting supplemental groups|setgroups|potentially insufficient UIDs or GIDs|lchown .*(?:invalid argument|not permitted)/i,
    () =>
      "Steps with RUN, and images with files of several users, need a range of user ids, which only root can give out. Run Conifer as root, or build the image elsewhere and push it: see the guide on containers.",
  ],
  [
    /short-name "?([^"\s]+)"? did not resolve|short-name resolution enforced/i,
    (match) =>
      `The base image ${match[1] ?? ""} is named without its registry. Write all of it, such as FROM docker.io/library/node:24.`.replace(
        "  ",
        " ",
      ),
  ],
  [
    REFUSED,
    ([, tag, name, whole], { withLogin }) =>
      withLogin
        ? `The registry refuses the operator's login for the base image ${shorten(whole ?? `${name}:${tag}`)}: check its name, and ask the operator to renew the registry's entry in CONIFER_PULL_CREDENTIALS.`
        : `The registry gives the base image ${shorten(whole ?? `${name}:${tag}`)} to nobody without a login: check its name, or ask the operator to add the registry to CONIFER_PULL_CREDENTIALS.`,
  ],
  [
    /(?:reading manifest (\S+) in (\S+?)|initializing source docker:\/\/(\S+?)): [^\n]*(?:manifest unknown|name unknown|not found)/i,
    ([, tag, name, whole]) =>
      `The registry has no base image ${shorten(whole ?? `${name}:${tag}`)}. Check its name and tag.`,
  ],
  [
    /pinging container registry ([\w.:-]{1,255}):[^\n]*(?:no such host|timeout|refused|unreachable|dial tcp|x509|tls)/i,
    (match) =>
      `The registry ${shorten(match[1])} of the base image cannot be reached from here. Check its name; the operator sets mirrors in CONIFER_PULL_REGISTRIES and trust in CONIFER_CA_BUNDLE.`,
  ],
  [
    /the target "([^"\n]+)" was not found/i,
    (match) => `The Dockerfile has no stage ${shorten(match[1])}: give one that name, FROM … AS <name>.`,
  ],
  [
    /building at STEP "((?:COPY|ADD) [^\n]*?)": [^\n]*no such file or directory/i,
    (match) =>
      `${shorten(match[1])} names a file that is not there. Paths begin at the folder of the Dockerfile, and .dockerignore may leave it out.`,
  ],
  [
    /no space left on device/i,
    () => "The disk is full. Make the image smaller, or ask the operator for room.",
  ],
  [
    /(?:unknown instruction|dockerfile parse error|no FROM statement|unexpected end of statement)[^\n]*/i,
    (match) => `The Dockerfile cannot be read: ${shorten(match[0])}.`,
  ],
  [
    /building at STEP "([^\n]*)": /i,
    (match) => `The step ${shorten(match[1])} failed. The lines above say why.`,
  ],
];

/** What a build printed is a stranger's: a pattern's work grows with the square of a line. */
const LONGEST_LINE = 2_000;
const MOST_LINES = 100;

/** Why a Dockerfile could not be built, for whoever pushed it: what failed, the likely cause, and what to change. */
export function explainDockerfile(end: DockerfileEnd): string {
  const { dockerfile, tail, exitCode } = end;
  const lines = tail.split("\n").slice(-MOST_LINES);
  const text = lines.map((line) => line.slice(0, LONGEST_LINE)).join("\n");
  for (const [pattern, explain] of CAUSES) {
    const match = pattern.exec(text);
    if (match) return `${dockerfile} could not be built. ${explain(match, end)}`;
  }
  return `${dockerfile} could not be built (exit status ${exitCode}). The lines above say why.`;
}

function shorten(text: string | undefined): string {
  const plain = (text ?? "").trim().replace(/[:.,]+$/, "");
  return plain.length > 120 ? `${plain.slice(0, 117)}...` : plain;
}
