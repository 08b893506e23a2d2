import { readAccessFile } from "./access-file.ts";
import type { Config } from "./config.ts";
import { firstPageText, makeFirstPage, writeFirstPage } from "./first-page.ts";
import { keepCompiledCode, type ReadyMessage } from "./supervisor-messages.ts";
import type { Platform } from "./supervisor-run.ts";
import { listenForStop, watchParent } from "./supervisor-signals.ts";

export interface ServeOptions {
  readonly platform: Platform;
  readonly config: Config;
  /** Process id of whoever started this one, when it is known from before. */
  readonly parent: number | undefined;
  readonly tell: (text: string) => void;
  readonly color: boolean;
}

/**
 * Starts the platform, prints the first page, and runs until a signal has stopped it. Resolves with the exit status:
 * 0 after a stop in good order, 130 after one that was cut short. Throws when something cannot start or stop.
 */
export async function servePlatform(options: ServeOptions): Promise<number> {
  const { platform, tell } = options;
  const stopped = Promise.withResolvers<number>();
  let stopping = false;
  const abandon = () => {
    platform.abandon();
    process.exit(1);
  };
  watchParent(abandon, options.parent);
  listenForStop({
    stop: () => {
      stopping = true;
      tell("Conifer stops: apps get up to 30 seconds to end. Ctrl-C again stops at once.");
      platform.stop().then(() => stopped.resolve(0), stopped.reject);
    },
    stopNow: () => {
      tell("Conifer stops at once.");
      platform.stopNow().then(() => stopped.resolve(130), stopped.reject);
    },
  });
  const started = platform.start().then(
    (ready) => showFirstPage(options, ready),
    async (thrown) => {
      if (stopping) return;
      await platform.stopNow();
      throw thrown;
    },
  );
  return await Promise.race([stopped.promise, started.then(() => stopped.promise)]);
}

function showFirstPage({ config, tell, color }: ServeOptions, ready: { readonly host: ReadyMessage }) {
  const page = makeFirstPage({
    config,
    email: readAccessFile(config.home)?.email || undefined,
    isolation: ready.host.isolation ?? [],
    clone: process.cwd(),
  });
  writeFirstPage(config.home, page);
  tell(firstPageText(page, color));
  keepCompiledCode();
}
