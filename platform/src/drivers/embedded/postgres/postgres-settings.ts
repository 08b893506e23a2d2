/** How a server takes connections from other machines: over TLS only, with the role's password. */
export interface PostgresNetwork {
  readonly port: number;
  /** Of the certificate it shows, and of its key: a file that no other user may read, or root's. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Where who may connect is written. */
  readonly accessFile: string;
}

/** Who may connect: the role, with its password, by the socket and over TLS. (PostgreSQL, "The pg_hba.conf File") */
export function accessRules(user: string): string {
  return [`local all ${user} scram-sha-256`, `hostssl all ${user} all scram-sha-256`, ""].join("\n");
}

/**
 * The server's settings, given on its command line so that they are those of the Conifer that starts it.
 * Meant for a small machine that Conifer shares with the apps: little memory while idle, few processes, one unix
 * socket and no network. What a statement contained never reaches the diagnostics.
 */
export function postgresSettings(socketDir: string, network?: PostgresNetwork): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: network ? "*" : "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    port: String(network?.port ?? SOCKET_PORT),
    ...(network ? networkSettings(network) : {}),
    cluster_name: "conifer",
    max_connections: network ? "200" : "60",
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

/** Several processes of several roles connect, and their memory is a pod's own. */
function networkSettings(network: PostgresNetwork): Readonly<Record<string, string>> {
  return {
    ssl: "on",
    ssl_min_protocol_version: "TLSv1.3",
    ssl_cert_file: network.certificateFile,
    ssl_key_file: network.keyFile,
    hba_file: network.accessFile,
  };
}

/** Without a network only the name of the socket file tells it; with one that file is named after its port. */
export const SOCKET_PORT = 5432;

/** sockaddr_un holds 107 bytes and a zero. */
const LONGEST_SOCKET_PATH = 107;

/** Throws when the socket's path would not fit in a unix address, which otherwise fails late and obscurely. */
export function checkSocketDir(socketDir: string, port = SOCKET_PORT): void {
  const path = `${socketDir}/.s.PGSQL.${port}`;
  const over = Buffer.byteLength(path) - LONGEST_SOCKET_PATH;
  if (over <= 0) return;
  throw new Error(
    `The path of PostgreSQL's socket is ${over} bytes too long for a unix socket: ${path}. ` +
      "Choose a shorter CONIFER_HOME.",
  );
}

/** The connection URL, in the form node-postgres reads: the host is the socket's folder. */
export function postgresUrl(at: {
  user: string;
  password: string;
  socketDir: string;
  port?: number | undefined;
}): string {
  const { user, password, socketDir, port = SOCKET_PORT } = at;
  const host = encodeURIComponent(socketDir);
  return `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/postgres?host=${host}`;
}
