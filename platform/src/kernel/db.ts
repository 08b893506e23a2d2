import type { Kysely } from "kysely";

/**
 * A connection or an open transaction. Each store sees only its own tables through `withTables`; only `compose/`
 * knows where the database is.
 */
// biome-ignore lint/complexity/noBannedTypes: the empty table set is what stores widen with their own tables
export type Db = Kysely<{}>;
