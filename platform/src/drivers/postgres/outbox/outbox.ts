import { type Generated, sql } from "kysely";
import type { Actor, Clock, Db, DomainEvent, EventKind, NewEvent } from "../../../kernel/index.ts";

type OutboxTables = {
  events: {
    seq: Generated<string>;
    xid: Generated<string>;
    kind: EventKind;
    app_id: string;
    actor: string | null;
    data: string;
    at: Date;
  };
  event_readers: { reader: string; xid: string; seq: string };
};

/** The NOTIFY channel that hints at new events. A hint may be lost; readers also look on a timer. */
export const EVENTS_CHANNEL = "conifer_events";

/**
 * Records an event in the caller's transaction and hints at it once that commits. The hint names the place in a trace that
 * the change is part of; it goes with the hint and is nowhere recorded.
 */
export function makeAppendEvent(clock: Clock, traceparent: () => string | undefined = () => undefined) {
  return async (trx: Db, event: NewEvent): Promise<void> => {
    await trx
      .withTables<OutboxTables>()
      .insertInto("events")
      .values({
        kind: event.kind,
        app_id: event.appId,
        actor: event.actor ? JSON.stringify(event.actor) : null,
        data: JSON.stringify(event.data),
        at: clock(),
      })
      .execute();
    const place = traceparent();
    const hint = `${event.kind} ${event.appId}${place === undefined ? "" : ` ${place}`}`;
    await sql`select pg_notify(${EVENTS_CHANNEL}, ${hint})`.execute(trx);
  };
}

/**
 * The next events for a named reader, oldest first, after its cursor. Events of transactions that are still open, and
 * all that come after them, are left for later: order is (transaction, sequence), and no reader ever passes an event
 * that another transaction may yet commit. Events of one app come in the order of its changes when the transactions
 * that make them take the app's lock (`findAppForUpdate`) before they write: they are numbered at their first write.
 */
export async function readEvents(db: Db, reader: string, limit: number): Promise<readonly DomainEvent[]> {
  const { rows } = await sql<{
    seq: string;
    kind: EventKind;
    app_id: string;
    actor: Actor | null;
    data: object;
    at: Date;
  }>`
    select e.seq, e.kind, e.app_id, e.actor, e.data, e.at
    from events e left join event_readers r on r.reader = ${reader}
    where e.xid < pg_snapshot_xmin(pg_current_snapshot())
      and (r.reader is null or (e.xid, e.seq) > (r.xid, r.seq))
    order by e.xid, e.seq limit ${limit}`.execute(db);
  return rows.map(({ app_id, data, ...row }) => ({
    ...row,
    appId: app_id,
    data: data as Record<string, unknown>,
  }));
}

/** Moves a reader's cursor past an event it has dealt with; never backwards. */
export async function markRead(db: Db, reader: string, seq: string): Promise<void> {
  await sql`
    insert into event_readers (reader, xid, seq) select ${reader}, e.xid, e.seq from events e where e.seq = ${seq}
    on conflict (reader) do update set xid = excluded.xid, seq = excluded.seq
    where (event_readers.xid, event_readers.seq) < (excluded.xid, excluded.seq)`.execute(db);
}

/** Removes events from before `before` that every reader which ever read has passed, and tells how many. */
export async function pruneEvents(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from events e where e.at < ${before}
      and not exists (select 1 from event_readers r where (r.xid, r.seq) < (e.xid, e.seq))`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** What a reader has not dealt with. */
export interface ReaderLag {
  readonly reader: string;
  readonly events: number;
  /** Age of the oldest, in seconds; 0 when there is none. */
  readonly seconds: number;
}

/** Counting more would be work without use. */
const MOST_COUNTED = 10_000;

/** How far every reader that ever read is behind; at most 10,000 events are counted. */
export async function readLags(db: Db, now: Date): Promise<readonly ReaderLag[]> {
  const { rows } = await sql<{ reader: string; events: string; oldest: Date | null }>`
    select r.reader, count(e.at) as events, min(e.at) as oldest
    from event_readers r left join lateral (
      select at from events where (xid, seq) > (r.xid, r.seq) order by xid, seq limit ${MOST_COUNTED}
    ) e on true
    group by r.reader order by r.reader`.execute(db);
  return rows.map(({ reader, events, oldest }) => ({
    reader,
    events: Number(events),
    seconds: oldest ? Math.max((now.getTime() - oldest.getTime()) / 1_000, 0) : 0,
  }));
}

/**
 * Events that were copied from another server carry numbers of its transactions, which mean nothing to this one: they get new
 * numbers, in the order they had, from before any transaction of this server, and each reader stays where it was among them.
 */
export async function adoptEvents(trx: Db): Promise<void> {
  await sql`
    update event_readers r set xid = '3',
      seq = (select count(*) from events e where (e.xid, e.seq) <= (r.xid, r.seq))`.execute(trx);
  // Places are taken from below zero, where no number is another's.
  await sql`
    update events e set xid = '3', seq = -placed.place
    from (select seq, row_number() over (order by xid, seq) as place from events) placed
    where placed.seq = e.seq`.execute(trx);
  await sql`update events set seq = -seq`.execute(trx);
}
