export { findNewerSchema, type Migration, migrate } from "./migrate.ts";
export { type Database, isStoreAway, openDatabase, violatedConstraint } from "./open-database.ts";
