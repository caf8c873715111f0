// OpenCode in VS Code: an AI coding agent behind the language server opencode-lsp. The server does the work; this extension
// starts it and shows what plain LSP has no words for.
import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { Server } from "./server";

let server: Server | undefined;

/** Called by VS Code once its window is up. Returns before the server runs, so that the window never waits for it. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("OpenCode", { log: true });
  server = new Server(context, log);
  context.subscriptions.push(log, server, ...registerCommands(server));
  context.subscriptions.push(
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.restart()),
    vscode.workspace.onDidChangeConfiguration((e) => {
      if (e.affectsConfiguration("opencode.server") || e.affectsConfiguration("opencode.questions")) void server?.restart();
    }),
  );
  void server.restart();
}

/** Called by VS Code before the window closes. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
