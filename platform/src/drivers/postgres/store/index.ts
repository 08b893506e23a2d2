export { type Migration, migrate } from "./migrate.ts";
export {
  type Database,
  type DatabaseOptions,
  isStoreAway,
  openDatabase,
  violatedConstraint,
} from "./open-database.ts";
