/**
 * The server's settings, given on its command line so that they are those of the Conifer that starts it.
 * Meant for a small machine that Conifer shares with the apps: little memory while idle, few processes, one unix
 * socket and no network. What a statement contained never reaches the diagnostics.
 */
export function postgresSettings(socketDir: string): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    port: String(SOCKET_PORT),
    cluster_name: "conifer",
    max_connections: "60",
    shared_buffers: "32MB",
    maintenance_work_mem: "32MB",
    huge_pages: "off",
    // Reads in the backend itself: spares three worker processes that a small database does not need.
    io_method: "sync",
    jit: "off",
    max_worker_processes: "2",
    max_parallel_workers: "0",
    max_logical_replication_workers: "0",
    autovacuum_worker_slots: "2",
    autovacuum_max_workers: "1",
    min_wal_size: "64MB",
    max_wal_size: "512MB",
    timezone: "UTC",
    log_timezone: "UTC",
    log_destination: "stderr",
    logging_collector: "off",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_checkpoints: "off",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Only the name of the socket file tells it. */
export const SOCKET_PORT = 5432;

/** sockaddr_un holds 107 bytes and a zero. */
const LONGEST_SOCKET_PATH = 107;

/** Throws when the socket's path would not fit in a unix address, which otherwise fails late and obscurely. */
export function checkSocketDir(socketDir: string): void {
  const path = `${socketDir}/.s.PGSQL.${SOCKET_PORT}`;
  const over = Buffer.byteLength(path) - LONGEST_SOCKET_PATH;
  if (over <= 0) return;
  throw new Error(
    `The path of PostgreSQL's socket is ${over} bytes too long for a unix socket: ${path}. ` +
      "Choose a shorter CONIFER_HOME.",
  );
}

/** The connection URL, in the form node-postgres reads: the host is the socket's folder. */
export function postgresUrl(at: { user: string; password: string; socketDir: string }): string {
  const host = encodeURIComponent(at.socketDir);
  return `postgres://${at.user}:${encodeURIComponent(at.password)}@localhost:${SOCKET_PORT}/postgres?host=${host}`;
}
