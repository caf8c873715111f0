// What the server cannot do over LSP: save documents, see other extensions' problems, show a transcript as people read it.
import * as vscode from "vscode";

/** Answers opencode/saveDocuments: saves the named documents that are open and returns those that are clean then. */
export async function saveDocuments(uris: string[]): Promise<{ saved: string[] }> {
  const saved: string[] = [];
  for (const uri of uris) {
    const wanted = vscode.Uri.parse(uri).toString();
    const open = vscode.workspace.textDocuments.find((d) => d.uri.toString() === wanted);
    if (!open || !open.isDirty || (await open.save())) saved.push(uri);
  }
  return { saved };
}

/** How long problems are gathered: language servers clear and set them many times while one types. */
const gatherMs = 300;

/** Calls send for each file below the workspace whose problems changed. */
export function followProblems(send: (uri: vscode.Uri, problems: vscode.Diagnostic[]) => void): vscode.Disposable {
  const changed = new Map<string, vscode.Uri>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    for (const uri of changed.values()) send(uri, vscode.languages.getDiagnostics(uri));
    changed.clear();
  };
  const note = (uris: readonly vscode.Uri[]) => {
    for (const uri of uris) {
      if (uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri)) changed.set(uri.toString(), uri);
    }
    if (changed.size > 0) timer ??= setTimeout(flush, gatherMs);
  };
  note(vscode.languages.getDiagnostics().map(([uri]) => uri));
  const subscription = vscode.languages.onDidChangeDiagnostics((e) => note(e.uris));
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    subscription.dispose();
  });
}

/** Reports whether a document that the server shows is a transcript: Markdown that is not the user's own. */
export function isTranscript(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && uri.path.endsWith(".md") && !vscode.workspace.getWorkspaceFolder(uri);
}

/** The built-in preview as an editor: unlike the command for it, it can be opened without taking the focus. */
const markdownPreview = "vscode.markdown.preview.editor";

/** Opens a transcript as Markdown preview beside the editor, or shows it where it is open already. */
export async function showTranscript(uri: vscode.Uri, focus: boolean): Promise<boolean> {
  const shown = vscode.window.tabGroups.all.find((g) => g.tabs.some((t) => t.input instanceof vscode.TabInputCustom && t.input.uri.toString() === uri.toString()));
  const options = { viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Beside, preserveFocus: !focus };
  try {
    await vscode.commands.executeCommand("vscode.openWith", uri, markdownPreview, options);
    return true;
  } catch {
    return false; // the built-in Markdown extension is switched off
  }
}
