// The status bar item: idle, working, waiting for you, n unsaved.
import * as vscode from "vscode";
import type { Event, Question, Status } from "./protocol";

/** How long events are gathered before the server is asked how things stand. */
const gatherMs = 100;

/** Live events that say nothing about the state. */
const uninteresting = new Set(["delta", "progress", "message"]);

/** Shows how things stand and remembers the open questions in full. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("opencode-lsp.status", vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tool = "";
  /** The questions that wait for an answer, by their number. */
  readonly questions = new Map<string, Question>();
  /** How things stood last. */
  status: Status | undefined;

  /** fetch asks the server; undefined where it does not run. */
  constructor(private readonly fetch: () => Promise<Status | undefined>) {
    this.item.name = "OpenCode";
    this.item.command = "opencode-lsp.menu";
    this.subscriptions.push(
      this.item,
      vscode.workspace.onDidSaveTextDocument(() => this.refresh()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (!document.isDirty && this.status?.unsaved.length) this.refresh(); // reverted, or undone back to what is on disk
      }),
    );
    this.stopped("starting");
    this.item.show();
  }

  /** Takes an event of the server. */
  event(e: Event): void {
    if (e.type === "question" && e.question) {
      const { id, tool, subject, notes = [], preview, choices } = e.question;
      const detail = [subject, ...notes, ...(preview.kind === "command" && preview.text !== subject ? ["", preview.text ?? ""] : [])].join("\n");
      this.questions.set(id, { id, tool, subject, detail, diff: preview.kind === "diff" ? preview.text : undefined, actions: choices });
    } else if (e.type === "answer" && e.answer) {
      this.questions.delete(e.answer.id);
    }
    this.tool = e.type === "call.started" ? (e.call?.name ?? "") : e.type === "result" ? "" : this.tool;
    if (!uninteresting.has(e.type)) this.refresh();
  }

  /** Asks the server soon, once for many calls. */
  refresh(): void {
    this.timer ??= setTimeout(async () => {
      this.timer = undefined;
      const status = await this.fetch();
      if (status) this.show(status);
    }, gatherMs);
  }

  private show(status: Status): void {
    this.status = status;
    const open = new Set(status.pending.map((q) => q.id));
    for (const id of this.questions.keys()) {
      if (!open.has(id)) this.questions.delete(id);
    }
    const busy = status.sessions.some((s) => s.status !== "idle");
    vscode.commands.executeCommand("setContext", "opencode-lsp.busy", busy);
    const [icon, text] = this.words(status, busy);
    this.put(`$(${icon}) ${text}`, tooltip(status), open.size > 0);
  }

  private words(status: Status, busy: boolean): [string, string] {
    if (status.pending.length > 0) return ["bell-dot", "OpenCode: waiting for you"];
    // No spinner beside the notification's: a browser or a slow machine draws each of its frames while the user types.
    if (busy) return ["pulse", this.tool ? `OpenCode: ${this.tool}` : "OpenCode: working"];
    if (status.unsaved.length > 0) return ["circle-filled", `OpenCode: ${status.unsaved.length} unsaved`];
    return ["sparkle", "OpenCode"];
  }

  /** Shows that the server does not run, and why. */
  stopped(why: string): void {
    this.questions.clear();
    this.status = undefined;
    vscode.commands.executeCommand("setContext", "opencode-lsp.busy", false);
    this.put(`$(circle-slash) OpenCode: ${why === "starting" ? why : "off"}`, `OpenCode: ${why}`, false);
  }

  private put(text: string, tip: string, urgent: boolean): void {
    this.item.text = text;
    this.item.tooltip = tip;
    this.item.accessibilityInformation = { label: tip };
    this.item.backgroundColor = urgent ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.forEach((s) => s.dispose());
  }
}

function tooltip(status: Status): string {
  const lines = [`OpenCode ${status.version}, model ${status.model || "not set"}`];
  for (const q of status.pending) lines.push(`#${q.id} ${q.subject}`);
  for (const uri of status.unsaved) lines.push(`not saved: ${vscode.workspace.asRelativePath(vscode.Uri.parse(uri))}`);
  return lines.join("\n");
}
