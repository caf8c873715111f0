// The commands of the palette, the context menu and the keys. Their ids differ from the server's, which the language client
// registers itself.
import * as vscode from "vscode";
import type { ActionArgs, Question, Session } from "./protocol";
import { message, type Server } from "./server";

type Run = (server: Server) => Promise<unknown>;

const commands: Record<string, Run> = {
  ask,
  explain: (s) => act(s, "explain"),
  fix,
  refactor: (s) => act(s, "refactor"),
  tests: (s) => act(s, "tests"),
  document: (s) => act(s, "document"),
  review: (s) => act(s, "review"),
  answer,
  cancel: (s) => s.command("opencode.cancel"),
  undo: (s) => reverse(s, "undo", "taken back", "take back"),
  redo: (s) => reverse(s, "redo", "done again", "do again"),
  sessions,
  newSession: (s) => s.command("opencode.session.new"),
  transcript: (s) => s.command("opencode.session.open"),
  model: (s) => select(s, "model", "provider/model"),
  agent: (s) => select(s, "agent", "build, plan, …"),
  serve: (s) => s.command("opencode.serve"), // the server itself says where it listens
  stopServing: (s) => s.command("opencode.serve", { stop: true }),
  menu,
  restart: (s) => s.restart(),
  showLog: async (s) => s.log.show(true),
};

/** Registers all of them; what goes wrong is shown in one sentence. */
export function registerCommands(server: Server): vscode.Disposable[] {
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`opencode-lsp.${name}`, async () => {
      try {
        await run(server);
      } catch (err) {
        void vscode.window.showErrorMessage(`OpenCode: ${message(err)}`);
      }
    }),
  );
}

/** Asks for a prompt; the file, and the selection if there is one, go with it. */
async function ask(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const text = await vscode.window.showInputBox({
    title: "Ask OpenCode",
    prompt: editor ? `Attached: ${placeName(editor)}` : "Nothing is attached: no editor is active.",
    placeHolder: "What should OpenCode do?",
    ignoreFocusOut: true,
  });
  if (text?.trim()) await server.command("opencode.prompt", { text, ...place(server, editor) });
}

function placeName(editor: vscode.TextEditor): string {
  const name = vscode.workspace.asRelativePath(editor.document.uri);
  const { start, end, isEmpty } = editor.selection;
  if (isEmpty) return name;
  return start.line === end.line ? `${name}:${start.line + 1}` : `${name}:${start.line + 1}-${end.line + 1}`;
}

/** The part of a prompt's argument that says where the user is. A document without a file has no place for the server. */
function place(server: Server, editor: vscode.TextEditor | undefined) {
  if (!editor || editor.document.uri.scheme !== "file" || !server.convert) return {};
  const uri = server.convert.asUri(editor.document.uri);
  return editor.selection.isEmpty ? { uri } : { uri, range: server.convert.asRange(editor.selection) };
}

/** Takes one of the server's actions on the selection, else on the function around the cursor, else on its line. */
async function act(server: Server, action: string, problems?: vscode.Diagnostic[]): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.uri.scheme !== "file") {
    throw new Error("open a file of the workspace first; a document that is not saved yet has no place");
  }
  const convert = server.convert;
  if (!convert) throw new Error("the server is not running; see the output for why");
  const range = problems ? problems.map((p) => p.range).reduce((a, b) => a.union(b)) : await around(editor);
  const args: ActionArgs = { action, uri: convert.asUri(editor.document.uri), range: convert.asRange(range) };
  if (problems) args.diagnostics = problems.map((p) => convert.asDiagnostic(p));
  await server.command("opencode.action", args);
}

async function around(editor: vscode.TextEditor): Promise<vscode.Range> {
  if (!editor.selection.isEmpty) return editor.selection;
  const at = editor.selection.active;
  const uri = editor.document.uri;
  const found = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>("vscode.executeDocumentSymbolProvider", uri);
  return innermost(found ?? [], at) ?? editor.document.lineAt(at.line).range;
}

/** The smallest function, method or type that holds the position. */
function innermost(symbols: vscode.DocumentSymbol[], at: vscode.Position): vscode.Range | undefined {
  const kinds = [vscode.SymbolKind.Function, vscode.SymbolKind.Method, vscode.SymbolKind.Constructor, vscode.SymbolKind.Class, vscode.SymbolKind.Struct, vscode.SymbolKind.Interface];
  for (const s of symbols) {
    if (!s.range.contains(at)) continue;
    return innermost(s.children ?? [], at) ?? (kinds.includes(s.kind) ? s.range : undefined);
  }
  return undefined;
}

/** Fixes the problems at the selection, else those of the file; where there is none the user says what is wrong. */
async function fix(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const all = editor ? vscode.languages.getDiagnostics(editor.document.uri) : [];
  const here = all.filter((d) => editor && d.range.intersection(editor.selection));
  const problems = here.length > 0 ? here : all;
  if (problems.length > 0) return act(server, "fix", problems);
  const text = await vscode.window.showInputBox({
    title: "OpenCode: Fix",
    prompt: "No problem is reported in this file. What is wrong?",
    placeHolder: "The tests fail, …",
    ignoreFocusOut: true,
  });
  if (text?.trim()) await server.command("opencode.prompt", { text: `Fix this: ${text}`, ...place(server, editor) });
}

/** Shows the dialog of the open question again, whether it made place or was closed. */
async function answer(server: Server): Promise<void> {
  if (server.dialog.resume()) return;
  const q: Question | undefined = server.bar.questions.values().next().value;
  if (!q) {
    void vscode.window.showInformationMessage("OpenCode: no question is open.");
    return;
  }
  const given = await server.dialog.ask(q);
  if (!given.reply) return;
  const result = await server.command<{ ok: boolean; reason?: string }>("opencode.permission.reply", { id: q.id, ...given });
  if (!result.ok) throw new Error(result.reason ?? "the answer was not taken");
}

/** Takes a turn's changes back or does them again; what had to stay as it is the server tells itself. */
async function reverse(server: Server, what: "undo" | "redo", done: string, todo: string): Promise<void> {
  const { files } = await server.command<{ files: string[] }>(`opencode.session.${what}`);
  const names = files.map((f) => vscode.workspace.asRelativePath(f));
  void vscode.window.showInformationMessage(names.length > 0 ? `OpenCode: ${done} in ${names.join(", ")}` : `OpenCode: there is nothing to ${todo}.`);
}

interface SessionItem extends vscode.QuickPickItem {
  session?: string;
}

/** Lists the sessions: the chosen one is opened and takes the next prompts; the bin deletes one. */
async function sessions(server: Server): Promise<void> {
  const list = await server.command<Session[]>("opencode.session.list");
  const bin: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("trash"), tooltip: "Delete this session" };
  const picker = vscode.window.createQuickPick<SessionItem>();
  picker.title = "OpenCode sessions";
  picker.placeholder = "Open a session; the next prompt goes to it";
  picker.items = [{ label: "$(add) New session" }, ...list.map((s) => sessionItem(s, bin))];
  picker.onDidTriggerItemButton(async ({ item }) => {
    await server.command("opencode.session.delete", { session: item.session });
    picker.items = picker.items.filter((i) => i !== item);
  });
  const chosen = await new Promise<SessionItem | undefined>((resolve) => {
    picker.onDidAccept(() => resolve(picker.activeItems[0]));
    picker.onDidHide(() => resolve(undefined));
    picker.show();
  });
  picker.dispose();
  if (chosen?.session) await server.command("opencode.session.open", { session: chosen.session });
  else if (chosen) await server.command("opencode.session.new");
}

function sessionItem(s: Session, bin: vscode.QuickInputButton): SessionItem {
  const icon = { busy: "$(loading~spin) ", waiting: "$(bell-dot) " }[s.status] ?? "";
  return { label: icon + (s.title || "Untitled"), description: new Date(s.updated).toLocaleString(), session: s.id, buttons: [bin] };
}

/** Asks for a model or agent by name; without a name the server offers those that it knows. */
async function select(server: Server, what: "model" | "agent", placeHolder: string): Promise<void> {
  const now = server.bar.status?.[what] ?? "";
  const text = await vscode.window.showInputBox({
    title: `OpenCode: ${what} for this window`,
    prompt: `In use: ${now || "none"}. Leave it empty to choose from those that are known.`,
    placeHolder,
  });
  if (text === undefined) return;
  await server.command(`opencode.${what}.select`, text.trim() ? { [what]: text.trim() } : {});
  server.bar.refresh();
}

/** What a click on the status bar item offers: what is at hand first. */
async function menu(server: Server): Promise<void> {
  const offer = (label: string, command: string): vscode.QuickPickItem & { command: string } => ({ label, command });
  const items = [
    ...(server.bar.questions.size > 0 ? [offer("$(bell-dot) Answer the open question", "answer")] : []),
    ...(server.bar.status?.sessions.some((s) => s.status !== "idle") ? [offer("$(debug-stop) Cancel", "cancel")] : []),
    offer("$(comment-discussion) Ask…", "ask"),
    offer("$(markdown) Show the transcript", "transcript"),
    offer("$(discard) Undo the last turn's changes", "undo"),
    offer("$(history) Sessions…", "sessions"),
    offer("$(server) Model…", "model"),
    offer("$(person) Agent…", "agent"),
    offer("$(output) Show the log", "showLog"),
    offer("$(refresh) Restart the server", "restart"),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: "OpenCode" });
  if (chosen) await vscode.commands.executeCommand(`opencode-lsp.${chosen.command}`);
}
