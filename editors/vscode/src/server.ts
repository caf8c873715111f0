// The connection to opencode-lsp: starts it, says what this extension can do beyond LSP, and answers what it asks.
import * as path from "node:path";
import * as vscode from "vscode";
import {
  ExecuteCommandRequest,
  State,
  WorkDoneProgressCancelNotification,
  type ClientCapabilities,
  type LanguageClient,
  type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import { Preview } from "./change";
import { QuietClient, Restarts } from "./crash";
import { followProblems, isTranscript, saveDocuments, showTranscript } from "./documents";
import { checkProgram, findServer } from "./find";
import { followLog } from "./log";
import { Turns } from "./progress";
import { protocolRevision, type Event, type Question, type Status } from "./protocol";
import { Dialog } from "./question";
import { serverSettings, setting } from "./settings";
import { StatusBar } from "./status";

/** The one server of this window. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private running: vscode.Disposable[] = [];
  /** The last start or stop; the next one waits for it, since two clients at a time register the same commands. */
  private turn: Promise<void> = Promise.resolve();
  private readonly preview = new Preview();
  readonly dialog = new Dialog(this.preview);
  readonly bar = new StatusBar(async () => {
    try {
      return this.client?.state === State.Running ? await this.command<Status>("opencode.status") : undefined;
    } catch {
      return undefined; // it is going down; the change of state says so
    }
  });

  constructor(
    private readonly context: vscode.ExtensionContext,
    readonly log: vscode.LogOutputChannel,
  ) {}

  /** Starts the server, anew where it runs; where that cannot be done the user is told once why and what to do. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.start();
    });
  }

  /** Ends the server and waits for that. */
  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  private next(what: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(what, what);
    return this.turn;
  }

  private async start(): Promise<void> {
    const found = findServer({
      setting: setting("server.path", ""),
      path: process.env.PATH ?? "",
      windows: process.platform === "win32",
      folders: vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []).map((f) => f.uri.fsPath) : [],
    });
    if (!("program" in found)) {
      this.bar.stopped("opencode-lsp is not installed");
      this.log.appendLine(`opencode-lsp was not found. Looked at:\n  ${found.tried.join("\n  ")}`);
      void complain("OpenCode: the program opencode-lsp was not found; install it or name its place in the settings.");
      return;
    }
    const wrong = await checkProgram(found.program);
    if (wrong) {
      this.bar.stopped("the program is not opencode-lsp");
      void complain(`OpenCode: ${found.program} is not opencode-lsp or cannot run here (${wrong}); install it or name its place in the settings.`);
      return;
    }
    await this.run(found.program);
  }

  private async run(program: string): Promise<void> {
    this.log.appendLine(`Starting ${program}`);
    const restarts = new Restarts((text) => void complain(text));
    const client = this.connect(program, restarts);
    this.client = client;
    try {
      await client.start();
      restarts.ran = true;
      this.checkVersion(client, program);
    } catch {
      this.bar.stopped("it could not be started");
      void complain(`OpenCode: ${program} could not be started; the output shows why.`);
    }
  }

  /** A server from before this extension says a lower revision of what the extension relies on, or none. */
  private checkVersion(client: LanguageClient, program: string): void {
    const revision: unknown = client.initializeResult?.capabilities.experimental?.opencode?.protocol;
    if (typeof revision !== "number" || revision < protocolRevision) {
      void complain(`OpenCode: ${program} is too old for this extension; install the current one.`);
    }
  }

  private connect(program: string, restarts: Restarts): LanguageClient {
    const logFile = path.join(this.context.logUri.fsPath, "opencode-lsp.log");
    const args = ["lsp", "--log", logFile, ...(setting("server.verbose", false) ? ["-v"] : [])];
    const env = { ...process.env, ...setting<Record<string, string>>("server.environment", {}) };
    const client = new QuietClient("opencode-lsp", "OpenCode", { command: program, args, options: { env } }, this.options(restarts));
    client.registerFeature(announce());
    this.answer(client);
    const turns = new Turns((token) => client.sendNotification(WorkDoneProgressCancelNotification.type, { token }));
    client.clientOptions.middleware!.handleWorkDoneProgress = (token, value, next) => {
      if (setting("progress", "notification") === "notification") turns.handle(token, value);
      else next(token, value);
    };
    this.running = [turns, followLog(logFile, this.log), ...this.follow(client, turns)];
    return client;
  }

  private options(restarts: Restarts): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.log,
      errorHandler: restarts,
      initializationFailedHandler: () => false, // start fails then, and says so
      diagnosticCollectionName: "opencode",
      middleware: {
        workspace: {
          configuration: async (params, token, next) => {
            const values = await next(params, token);
            return Array.isArray(values) ? values.map((v, i) => (params.items[i].section === "opencode" ? serverSettings() : v)) : values;
          },
        },
        window: {
          showDocument: async (params, token, next) => {
            const uri = vscode.Uri.parse(params.uri);
            const preview = setting("transcript.preview", true) && isTranscript(uri);
            if (preview && (await showTranscript(uri, params.takeFocus === true))) return { success: true };
            return next(params, token);
          },
        },
      },
    };
  }

  /** Answers our own requests. */
  private answer(client: LanguageClient): void {
    client.onRequest("opencode/permission", (q: Question, token) => this.dialog.ask(q, token));
    client.onRequest("opencode/saveDocuments", (p: { uris: string[] }) => saveDocuments(p.uris));
    client.onNotification("opencode/event", (e: Event) => {
      this.bar.event(e);
      if (e.type === "answer" && e.answer) this.dialog.settle(e.answer.id);
    });
  }

  /** Passes on what changes in the editor, and shows whether the server runs. */
  private follow(client: LanguageClient, turns: Turns): vscode.Disposable[] {
    const problems = (uri: vscode.Uri, list: vscode.Diagnostic[]) => {
      if (client.state !== State.Running) return;
      const diagnostics = list.map((d) => client.code2ProtocolConverter.asDiagnostic(d));
      void client.sendNotification("opencode/diagnostics", { uri: client.code2ProtocolConverter.asUri(uri), diagnostics });
    };
    return [
      followProblems(problems),
      vscode.workspace.onDidChangeConfiguration((e) => {
        if (!e.affectsConfiguration("opencode") || client.state !== State.Running) return;
        void client.sendNotification("workspace/didChangeConfiguration", { settings: null }); // the server asks for them
      }),
      client.onDidChangeState((e) => {
        void vscode.commands.executeCommand("setContext", "opencode-lsp.running", e.newState === State.Running);
        if (e.newState === State.Running) return this.bar.refresh();
        turns.dispose();
        this.dialog.settle();
        this.bar.stopped(e.newState === State.Starting ? "starting" : "not running");
      }),
    ];
  }

  /** Runs one of the server's commands; an error's text is the server's own sentence. */
  async command<T>(name: string, argument: unknown = {}): Promise<T> {
    if (!this.client || this.client.state !== State.Running) {
      throw new Error("the server is not running; see the output for why");
    }
    return (await this.client.sendRequest(ExecuteCommandRequest.type, { command: name, arguments: [argument] })) as T;
  }

  /** The converter from VS Code's ranges and problems to LSP's. */
  get convert() {
    return this.client?.code2ProtocolConverter;
  }

  private async end(): Promise<void> {
    this.running.forEach((d) => d.dispose());
    this.running = [];
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) await client.stop();
  }

  dispose(): void {
    [this.bar, this.dialog, this.preview].forEach((d) => d.dispose());
  }
}

/** Announces what this extension can do beyond LSP. */
function announce(): StaticFeature {
  return {
    fillClientCapabilities(capabilities: ClientCapabilities) {
      const permission = setting("questions", "dialog") === "dialog";
      capabilities.experimental = { ...capabilities.experimental, opencode: { permission, save: true, events: true, diagnostics: true } };
    },
    initialize() {},
    getState: () => ({ kind: "static" }),
    clear() {},
  };
}

/** Shows an error with the ways out of it. */
async function complain(text: string): Promise<void> {
  const settings = "Open Settings";
  const output = "Show Output";
  const choice = await vscode.window.showErrorMessage(text, settings, output);
  if (choice === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "opencode.server");
  if (choice === output) await vscode.commands.executeCommand("opencode-lsp.showLog");
}

/** What an error says, without its kind. */
export function message(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
