export { findNewerSchema, type Migration, migrate, migrateWithin, unknownSteps } from "./migrate.ts";
export { type Database, isStoreAway, openDatabase, violatedConstraint } from "./open-database.ts";
