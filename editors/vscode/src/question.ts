// The permission dialog. It must not be answered by accident: its first entry makes place for what it is about, typed keys
// neither filter nor choose, and nothing is granted in its first moments. Closing it answers nothing.
import * as vscode from "vscode";
import type { Preview } from "./change";
import type { Answer, Question } from "./protocol";

/** How long the user must not have typed before the dialog takes the keyboard, and the longest wait for that. */
const quietMs = 900;
const patienceMs = 20_000;
/** How long after it appears, or after a typed key, nothing can be granted. */
const guardMs = 600;
/** Commands longer than this are opened beside the dialog, since its entries show one line. */
const shortSubject = 72;

interface Entry extends vscode.QuickPickItem {
  reply?: string;
  explain?: boolean;
}

/** Asks questions, one dialog each. */
export class Dialog implements vscode.Disposable {
  private typedAt = 0;
  /** Shows the dialogs again that made place for what they are about, by the question's number. */
  private readonly hidden = new Map<string, () => void>();
  /** Takes the dialogs away, by the question's number. */
  private readonly open = new Map<string, vscode.CancellationTokenSource>();
  private readonly typing = vscode.workspace.onDidChangeTextDocument((e) => {
    if (e.document === vscode.window.activeTextEditor?.document) this.typedAt = Date.now();
  });

  constructor(private readonly preview: Preview) {}

  /** Puts the question; {} when the user closed the dialog or the question was settled elsewhere. */
  async ask(q: Question, withdrawn?: vscode.CancellationToken): Promise<Answer> {
    const source = new vscode.CancellationTokenSource();
    const withdrawal = withdrawn?.onCancellationRequested(() => source.cancel());
    this.open.set(q.id, source);
    try {
      return await this.put(q, source.token);
    } finally {
      withdrawal?.dispose();
      source.dispose();
      if (this.open.get(q.id) === source) this.open.delete(q.id);
    }
  }

  /** Takes the dialog of a question away that is settled; without a number all of them: the server that asked is gone. */
  settle(id?: string): void {
    for (const [asked, source] of this.open) {
      if (id === undefined || id === asked) source.cancel();
    }
  }

  private async put(q: Question, token: vscode.CancellationToken): Promise<Answer> {
    await this.quiet(token);
    if (token.isCancellationRequested) return {};
    const long = q.diff !== undefined || q.subject.length > shortSubject || q.subject.includes("\n");
    try {
      if (long) await this.preview.show(q, false);
      return await this.pick(q, token);
    } finally {
      await this.preview.close(q.id);
    }
  }

  private async quiet(token: vscode.CancellationToken): Promise<void> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const wait = Math.min(this.typedAt + quietMs, end) - Date.now();
      if (wait <= 0 || token.isCancellationRequested) return;
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  /** Shows the list until it is answered, closed or settled elsewhere. */
  private async pick(q: Question, token: vscode.CancellationToken): Promise<Answer> {
    for (;;) {
      const entry = await choice(q, token);
      if (!entry) return {};
      if (entry.explain) {
        const message = await reason(q);
        return message === undefined ? {} : { reply: entry.reply, message };
      }
      if (entry.reply) return { reply: entry.reply };
      await this.preview.show(q, true);
      await this.resumed(q.id, token);
    }
  }

  /** Waits until the hidden dialog of a question is wanted again, or the question is settled. */
  private async resumed(id: string, token: vscode.CancellationToken): Promise<void> {
    let settled: vscode.Disposable | undefined;
    await new Promise<void>((resolve) => {
      this.hidden.set(id, resolve);
      settled = token.onCancellationRequested(() => resolve());
    });
    settled?.dispose();
    this.hidden.delete(id);
  }

  /** Shows the hidden dialog again, if there is one. */
  resume(): boolean {
    const show = this.hidden.values().next().value;
    show?.();
    return show !== undefined;
  }

  dispose(): void {
    this.typing.dispose();
  }
}

/** The chosen entry; undefined when the list was closed or the question was settled elsewhere. */
async function choice(q: Question, token: vscode.CancellationToken): Promise<Entry | undefined> {
  const picker = Object.assign(vscode.window.createQuickPick<Entry>(), look(q));
  const subscriptions: vscode.Disposable[] = [picker];
  let armedAt = Date.now() + guardMs;
  const chosen = await new Promise<Entry | undefined>((resolve) => {
    subscriptions.push(
      token.onCancellationRequested(() => resolve(undefined)),
      picker.onDidHide(() => resolve(undefined)),
      picker.onDidChangeValue(() => {
        picker.value = ""; // keys meant for the editor must not choose an entry
        picker.activeItems = picker.items.slice(0, 1);
        armedAt = Date.now() + guardMs;
      }),
      picker.onDidAccept(() => {
        const entry = picker.activeItems[0];
        const grants = entry?.reply !== undefined && entry.reply !== "reject";
        if (!grants || Date.now() >= armedAt) return resolve(entry);
        picker.selectedItems = []; // else a second click on the entry would be no news to VS Code, and not be told
      }),
    );
    if (token.isCancellationRequested) resolve(undefined);
    else picker.show();
  });
  subscriptions.forEach((s) => s.dispose());
  return chosen;
}

/** Words in the place of an answer on offer: with a rejection, or to what the model asked. */
function reason(q: Question): Thenable<string | undefined> {
  const prompt = asksWords(q) ? q.subject : "Reject it. What should OpenCode do instead?";
  return vscode.window.showInputBox({ title: title(q), prompt, ignoreFocusOut: true });
}

function title(q: Question): string {
  const subject = q.subject.replace(/\s*\n\s*/g, " ⏎ ");
  const cut = subject.length > shortSubject ? subject.slice(0, shortSubject - 1) + "…" : subject;
  return `OpenCode #${q.id} ${q.tool}: ${cut}`;
}

/** What the list shows: the harmless entry first, then the answers on offer. */
function look(q: Question): Partial<vscode.QuickPick<Entry>> {
  const notes = q.detail.split("\n").slice(1).filter((l) => l !== "" && l !== q.subject);
  const show: Entry = {
    label: q.diff !== undefined ? "$(diff) Show the change" : "$(eye) Show all of it",
    detail: notes.length > 0 ? notes.join(" ") : undefined,
    alwaysShow: true,
  };
  const items = [show, ...q.actions.flatMap(entries)];
  if (asksWords(q)) items.push({ label: "$(edit) Answer in your own words…", reply: "reject", explain: true, alwaysShow: true });
  return {
    title: title(q),
    placeholder: "Nothing happens before you choose an answer; Esc answers nothing.",
    items,
    activeItems: [show],
    ignoreFocusOut: true,
  };
}

/** Whether the model asks for an answer, which permits nothing: only then there is nothing to reject. */
function asksWords(q: Question): boolean {
  return !q.actions.some((a) => a.reply === "reject");
}

function entries(action: { reply: string; title: string }): Entry[] {
  const icon = { once: "$(check)", always: "$(check-all)", reject: "$(close)", skip: "$(debug-step-over)" }[action.reply] ?? "$(circle-large-outline)";
  const entry: Entry = { label: `${icon} ${action.title}`, reply: action.reply, alwaysShow: true };
  if (action.reply !== "reject") return [entry];
  return [entry, { ...entry, label: "$(comment) Reject and say what to do instead…", explain: true }];
}
