export { type EmbeddedPostgres, type PostgresOptions, startPostgres } from "./postgres-server.ts";
export { findPostgresUrl } from "./running-postgres.ts";
