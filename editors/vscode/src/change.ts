// Shows what a question is about: a change in VS Code's diff editor, a long command as a read-only document. Both are
// virtual documents that go away with the question.
import * as vscode from "vscode";
import type { Question } from "./protocol";
import { applyDiff, parseDiff, type FileDiff } from "./unified";

const scheme = "opencode-question";

/** The texts of the virtual documents, by URI. */
export class Preview implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Opens the question in full. */
  async show(q: Question, focus: boolean): Promise<void> {
    const pairs = q.diff ? await this.pairs(q, parseDiff(q.diff)) : [];
    const title = `OpenCode #${q.id} ${q.tool}: ${q.subject}`;
    const options: vscode.TextDocumentShowOptions = { preview: true, preserveFocus: !focus };
    if (pairs.length === 1) {
      await vscode.commands.executeCommand("vscode.diff", pairs[0].before, pairs[0].after, title, options);
    } else if (pairs.length > 1) {
      const list = pairs.map((p) => [p.file, p.before, p.after]);
      await vscode.commands.executeCommand("vscode.changes", title, list);
    } else {
      const text = q.diff ?? q.detail;
      const uri = this.put(q.id, "text", q.diff ? "change.diff" : `${q.tool}.txt`, text);
      await vscode.window.showTextDocument(uri, { ...options, viewColumn: vscode.ViewColumn.Beside });
    }
  }

  /** Both sides of each file; none where one of them is no longer what the diff was made for. */
  private async pairs(q: Question, files: FileDiff[]) {
    const pairs: { file: vscode.Uri; before: vscode.Uri; after: vscode.Uri }[] = [];
    for (const [i, f] of files.entries()) {
      const name = f.after === "/dev/null" ? f.before : f.after;
      const file = await locate(name);
      const text = f.before === "/dev/null" ? "" : await textOf(file);
      const after = text === undefined ? undefined : applyDiff(text, f);
      if (text === undefined || after === undefined || !file) return [];
      pairs.push({ file, before: this.put(q.id, `${i}/before`, name, text), after: this.put(q.id, `${i}/after`, name, after) });
    }
    return pairs;
  }

  private put(id: string, side: string, name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme, authority: id, path: `/${side}/${name.replace(/^\/+/, "")}` });
    this.texts.set(uri.toString(), text);
    return uri;
  }

  /** Closes the tabs of a question that is settled. */
  async close(id: string): Promise<void> {
    const ours = vscode.window.tabGroups.all.flatMap((g) => g.tabs).filter((t) => urisOf(t).some((u) => u.scheme === scheme && u.authority === id));
    if (ours.length > 0) await vscode.window.tabGroups.close(ours, true);
    for (const key of this.texts.keys()) {
      if (vscode.Uri.parse(key).authority === id) this.texts.delete(key);
    }
  }

  dispose(): void {
    this.registration.dispose();
  }
}

function urisOf(tab: vscode.Tab): vscode.Uri[] {
  const input = tab.input;
  if (input instanceof vscode.TabInputTextDiff) return [input.original, input.modified];
  if (input instanceof vscode.TabInputText) return [input.uri];
  const multi = (input as { textDiffs?: { original: vscode.Uri; modified: vscode.Uri }[] } | undefined)?.textDiffs;
  return multi?.flatMap((d) => [d.original, d.modified]) ?? [];
}

/** The file that a diff names: absolute, or below the folder that has it, the first one otherwise. */
async function locate(name: string): Promise<vscode.Uri | undefined> {
  if (/^(\/|[A-Za-z]:[\\/])/.test(name)) return vscode.Uri.file(name);
  const all = (vscode.workspace.workspaceFolders ?? []).map((f) => vscode.Uri.joinPath(f.uri, name));
  for (const uri of all) {
    if ((await textOf(uri)) !== undefined) return uri;
  }
  return all[0];
}

/** A file as the user sees it: the open document, else the disk. */
async function textOf(uri: vscode.Uri | undefined): Promise<string | undefined> {
  if (!uri) return undefined;
  const open = vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
  if (open) return open.getText();
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}
