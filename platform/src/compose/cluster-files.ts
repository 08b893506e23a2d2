import { type LocalPeer, PeerGone, passOn } from "../drivers/embedded/local/index.ts";
import type { RawHandler } from "../http/index.ts";
import { errorText, type Logger } from "../kernel/index.ts";

/** Paths that the files role answers: git, the outputs' addresses, the uploads'. */
const FILES = /^\/(?:[^/?]+\.git(?:[/?]|$)|streams\/output\?|source-uploads\/)/;

/** Passes clients' requests for files on to the role that has them. */
export function forwardToFiles(files: LocalPeer, logger: Logger): RawHandler {
  return async (request, response) => {
    if (!FILES.test(request.url ?? "")) return false;
    try {
      await passOn(files, request, response);
    } catch (thrown) {
      if (!(thrown instanceof PeerGone)) throw thrown;
      logger.warn("the files role does not answer", { error: errorText(thrown) });
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        request.resume();
        response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "5" });
        response.end("Conifer's files are not reachable just now. Try again in a moment.\n");
      }
    }
    return true;
  };
}
