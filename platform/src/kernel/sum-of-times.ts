import { type RawBuilder, sql } from "kysely";

/**
 * The times of a column of type timestamptz, added up: milliseconds since the epoch, as a text. Unlike the latest of them it
 * changes with each one that changes, also where a clock was set back in between.
 */
export function sumOfTimes(column: string): RawBuilder<string> {
  return sql<string>`sum((extract(epoch from ${sql.ref(column)}) * 1000)::bigint)`;
}
