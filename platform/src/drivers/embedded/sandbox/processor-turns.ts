/** A sandbox that competes for processors. */
export interface Competitor {
  readonly id: string;
  /** Its share by size, 1 = ordinary. */
  readonly share: number;
  /** Processors that it kept busy of late, on average. */
  readonly used: number;
}

export interface ProcessorLook {
  readonly nowMs: number;
  /** Processors that those who compete do not use, but could. */
  readonly left: number;
  /** What is left is next to nothing. */
  readonly isShort: boolean;
  readonly competitors: readonly Competitor[];
  /** Processors that all else on the machine keeps busy, Conifer's own processes among it. It counts as one; nobody moves it. */
  readonly others: number;
}

/** Whether a sandbox comes after the others, and since when that is so or was so. */
export interface Turn {
  readonly isBehind: boolean;
  /** Behind: not before then is it let back. Else: until then it is remembered that it was behind. */
  readonly untilMs: number;
  /** How long it stays behind at the least. */
  readonly termMs: number;
}

const FIRST_TERM_MS = 5_000;
const LAST_TERM_MS = 320_000;
const REMEMBERED_MS = 300_000;
/** Of what whoever wants more could have. */
const MUCH = 0.5;
/** The same of one that is behind: shares are coarse between programs of one process and of many. */
const MUCH_BEHIND = 0.25;

/** Of a sandbox that starts while processors are short: it has shown nothing yet, and others are at work. */
export function firstTurn(nowMs: number): Turn {
  return { isBehind: true, untilMs: nowMs + FIRST_TERM_MS, termMs: FIRST_TERM_MS };
}

/**
 * Who comes after the others from now on, and whoever was lately. While processors are short, a sandbox that takes much does:
 * the others then have theirs at once when they want it, and it has what they leave. There it is compared with those that
 * have to share that with it. It stays for a while, for longer each time that it was let back and took much again.
 */
export function nextTurns(before: ReadonlyMap<string, Turn>, look: ProcessorLook): ReadonlyMap<string, Turn> {
  const isBehind = ({ id }: Competitor) => before.get(id)?.isBehind === true;
  const others = { id: "", share: 1, used: look.others };
  const all = MUCH * fairLevel({ left: look.left, competitors: [...look.competitors, others] });
  const behind = MUCH_BEHIND * fairLevel({ left: 0, competitors: look.competitors.filter(isBehind) });
  const turns = new Map<string, Turn>();
  for (const one of look.competitors) {
    const takesMuch = look.isShort && one.used > (isBehind(one) ? behind : all) * one.share;
    const turn = nextTurn(before.get(one.id), takesMuch, look.nowMs);
    if (turn) turns.set(one.id, turn);
  }
  return turns;
}

/**
 * Processors for each share that whoever wants more may have, if nobody gets more than another who wants more too and those
 * who want less have all they want (max-min fairness). What one takes is what one wants, but for the one that takes most.
 */
export function fairLevel({ left, competitors }: Pick<ProcessorLook, "left" | "competitors">): number {
  const rising = [...competitors].sort((a, b) => a.used / a.share - b.used / b.share);
  let rest = rising.reduce((sum, { used }) => sum + used, left);
  let shares = rising.reduce((sum, { share }) => sum + share, 0);
  for (const { share, used } of rising.slice(0, -1)) {
    if (used / share >= rest / shares) break;
    rest -= used;
    shares -= share;
  }
  return shares > 0 ? rest / shares : 0;
}

function nextTurn(was: Turn | undefined, takesMuch: boolean, nowMs: number): Turn | undefined {
  const isOver = was !== undefined && nowMs >= was.untilMs;
  if (was?.isBehind) {
    if (takesMuch || !isOver) return was;
    return { isBehind: false, untilMs: nowMs + REMEMBERED_MS, termMs: was.termMs };
  }
  const known = isOver ? undefined : was;
  if (!takesMuch) return known;
  if (!known) return firstTurn(nowMs);
  const termMs = Math.min(LAST_TERM_MS, known.termMs * 2);
  return { isBehind: true, untilMs: nowMs + termMs, termMs };
}
