// What happens when the server dies: it is started again, and its sessions go on from its own store. Only a server that
// keeps dying is left alone, with one message.
import { CloseAction, ErrorAction, LanguageClient, type CloseHandlerResult, type ErrorHandler, type ErrorHandlerResult } from "vscode-languageclient/node";

/** So many restarts within so long are too many. */
const maxRestarts = 4;
const withinMs = 180_000;

/** A client whose errors go to the log alone: the library would show each of them, and the user is told once by us. */
export class QuietClient extends LanguageClient {
  override error(text: string, data?: unknown): void {
    super.error(text, data, false);
  }
}

/** Starts a server that died again, but not for ever. */
export class Restarts implements ErrorHandler {
  private readonly at: number[] = [];
  /** Whether the server has run: one that has not is not tried again, and whoever started it hears so. */
  ran = false;

  /** tell shows the user that the server is left alone. */
  constructor(private readonly tell: (text: string) => void) {}

  /** A failed write is no news: when the server is gone, closed follows. */
  error(): ErrorHandlerResult {
    return { action: ErrorAction.Continue, handled: true };
  }

  closed(): CloseHandlerResult {
    const now = Date.now();
    this.at.push(now);
    if (!this.ran) return { action: CloseAction.DoNotRestart, handled: true };
    if (this.at.filter((t) => now - t < withinMs).length <= maxRestarts) {
      return { action: CloseAction.Restart, handled: true };
    }
    this.tell(`OpenCode: the server ended ${maxRestarts + 1} times within 3 minutes; its output says why, and the command "OpenCode: Restart the Server" tries again.`);
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}
