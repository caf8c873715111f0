// What happens when the server dies: it is started again, and its sessions go on from its own store. Only a server that
// keeps dying is left alone, with one message.
import { CloseAction, ErrorAction, type CloseHandlerResult, type ErrorHandler, type ErrorHandlerResult } from "vscode-languageclient/node";

/** So many restarts within so long are too many. */
const maxRestarts = 4;
const withinMs = 180_000;

/** Starts a server that died again, but not for ever. */
export class Restarts implements ErrorHandler {
  private readonly at: number[] = [];

  /** A failed write is no news: when the server is gone, closed follows. */
  error(): ErrorHandlerResult {
    return { action: ErrorAction.Continue, handled: true };
  }

  closed(): CloseHandlerResult {
    const now = Date.now();
    this.at.push(now);
    if (this.at.filter((t) => now - t < withinMs).length <= maxRestarts) {
      return { action: CloseAction.Restart, handled: true };
    }
    const message = `OpenCode: the server ended ${maxRestarts + 1} times within 3 minutes; its output says why, and the command "OpenCode: Restart the Server" tries again.`;
    return { action: CloseAction.DoNotRestart, message };
  }
}
