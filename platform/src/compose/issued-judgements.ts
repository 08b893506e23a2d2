import type { AskedCertificates } from "../edge/certificate/index.ts";
import type { Finding } from "./doctor-finding.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const MATTER = "Certificate";
/** Failures are told one by one up to here. */
const MOST_TOLD = 10;

/** The certificates of an ACME server: how many and how long they are good, whose attempts failed and why. */
export function judgeIssued(
  { records, trouble, damaged }: AskedCertificates,
  directory: string,
  now: Date,
): readonly Finding[] {
  const time = now.getTime();
  const kept = records.flatMap(({ current }) => (current ? [current.to] : []));
  const good = kept.filter((to) => to > time);
  const name = new URL(directory).host;
  const until = good.length > 0 ? `; the first ends on ${day(Math.min(...good))}` : "";
  const findings: Finding[] = [
    { matter: MATTER, state: "ok", says: `${good.length} of ${name}${until}` },
    ...damaged.map(
      (says): Finding => ({ matter: MATTER, state: "warning", says, mend: "The router asks for it again" }),
    ),
  ];
  if (trouble?.authority === directory && trouble.until > time)
    findings.push({
      matter: MATTER,
      state: good.length > 0 || kept.length === 0 ? "warning" : "problem",
      says: `${name} is not asked before ${minute(trouble.until)}: ${trouble.reason}`,
      mend: "What has a certificate keeps it; others have one of Conifer's own authority until it issues again",
    });
  const failing = records.filter(({ failures, current }) => failures > 0 || (current && current.to <= time));
  for (const { host, current, reason, triedAt, nextAt } of failing.slice(0, MOST_TOLD)) {
    const over = current && current.to <= time;
    const has = current
      ? `its certificate ${over ? "ended" : "is good until"} ${day(current.to)}`
      : "it has none";
    const tried = triedAt === undefined ? "" : `, tried on ${minute(triedAt)}`;
    findings.push({
      matter: MATTER,
      state: over || (current && current.to - time < SOON_DAYS * DAY_MS) ? "problem" : "warning",
      says: `${host}: ${has}${tried}: ${reason ?? "it was not asked for since"}`,
      mend: `It is asked for again ${nextAt > time ? `on ${minute(nextAt)}` : "while Conifer runs"}`,
    });
  }
  if (failing.length > MOST_TOLD)
    findings.push({
      matter: MATTER,
      state: "warning",
      says: `${failing.length - MOST_TOLD} more names whose last attempt failed`,
      mend: "The router's log tells of each",
    });
  return findings;
}

const SOON_DAYS = 7;
const day = (time: number) => new Date(time).toISOString().slice(0, 10);
const minute = (time: number) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
