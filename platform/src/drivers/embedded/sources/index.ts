export { type FileSourceStoreOptions, openFileSourceStore } from "./file-source-store.ts";
