// Progress with a button that cancels. vscode-languageclient shows progress in the status bar, which has none.
import * as vscode from "vscode";
import type { ProgressToken, WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport } from "vscode-languageclient/node";

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** The notifications of the running turns, by progress token. */
export class Turns implements vscode.Disposable {
  private readonly shown = new Map<ProgressToken, { report: (message?: string) => void; end: () => void }>();

  /** cancel asks the server to end the turn of a token. */
  constructor(private readonly cancel: (token: ProgressToken) => void) {}

  /** Takes one message of a progress. */
  handle(token: ProgressToken, value: Value): void {
    switch (value.kind) {
      case "begin":
        this.begin(token, value);
        break;
      case "report":
        this.shown.get(token)?.report(value.message);
        break;
      case "end":
        this.shown.get(token)?.end();
    }
  }

  private begin(token: ProgressToken, value: WorkDoneProgressBegin): void {
    const options = { location: vscode.ProgressLocation.Notification, cancellable: true, title: value.title };
    vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => this.cancel(token));
      return new Promise<void>((end) => {
        let shown: string | undefined;
        const report = (message?: string) => {
          if (message !== shown) progress.report({ message }); // drawing the same again would cost the typist time
          shown = message;
        };
        report(value.message);
        this.shown.set(token, { report, end: () => (this.shown.delete(token), end()) });
      });
    });
  }

  /** Ends all of them: the server is gone. */
  dispose(): void {
    for (const turn of [...this.shown.values()]) turn.end();
  }
}
