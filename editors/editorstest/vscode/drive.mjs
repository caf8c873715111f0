// The words of the scenarios: one VS Code window in headless Chromium.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** What the Go test hands over. */
export const task = JSON.parse(process.env.TASK);
const run = promisify(execFile);

/** How long VS Code may take for one step, in milliseconds. */
export const patience = 60_000;

/** One window. */
export class Window {
  constructor(page) {
    this.page = page;
    this.picker = page.locator(".quick-input-widget:visible");
    this.toasts = page.locator(".notifications-toasts .notification-list-item");
    this.status = page.locator('.statusbar-item[id="opencode-lsp.opencode-lsp.opencode-lsp.status"], .statusbar-item[id*="opencode-lsp.status"]');
  }

  /** Waits until the look gives something true and returns it. */
  async until(what, look) {
    const end = Date.now() + patience;
    for (let seen; ; await this.page.waitForTimeout(50)) {
      seen = await look();
      if (seen) return seen;
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    }
  }

  /** Opens the project and waits until the server runs. */
  async open(state = idle) {
    await this.page.goto(`${task.address}/?folder=${encodeURIComponent(task.project)}`);
    await this.page.locator(".monaco-workbench").waitFor();
    await this.state(state);
  }

  /** Waits for a text of the status bar item. */
  async state(text) {
    await this.status.filter({ hasText: text }).waitFor();
  }

  /** Opens a list by a key and takes the first entry whose label begins so; again where the window was busy and lost the key. */
  async pick(key, text, label) {
    const short = { timeout: 3000 };
    await this.until(`${label} in a list`, async () => {
      try {
        await this.page.bringToFront();
        await this.page.keyboard.press(key);
        await this.picker.locator("input.input").fill(text, short);
        await this.entry(label).click(short);
        return true;
      } catch {
        return false;
      }
    });
  }

  /** The first entry of the open list whose label begins so, after its icon. */
  entry(label) {
    const first = this.page.locator(".quick-input-list-row .label-name").filter({ hasText: new RegExp(`^\\s*${label.replace(/[.$()+]/g, "\\$&")}`) });
    return this.picker.locator(".monaco-list-row").filter({ has: first }).first();
  }

  /** Runs a command by its title. */
  async command(title) {
    await this.pick("F1", `>${title}`, title);
  }

  /** Opens a file of the project in the first group and puts the cursor into it. */
  async edit(name) {
    // The list of files sorts itself anew while it is looked at, so that the click may open a neighbour: then once more.
    await this.until(`the tab of ${name}`, async () => {
      await this.page.keyboard.press("Control+1");
      await this.pick("Control+P", name, name);
      const tab = this.page.locator(".editor-group-container.active .tab.active").filter({ hasText: name });
      return tab.waitFor({ timeout: 3000 }).then(() => true, () => false);
    });
    await this.picker.waitFor({ state: "hidden" });
    await this.focusEditor();
  }

  async focusEditor() {
    await this.page.locator(".editor-group-container.active .monaco-editor .view-lines").first().click();
  }

  /** What the active editor shows. */
  async text() {
    const lines = this.page.locator(".editor-group-container.active .monaco-editor .view-lines").first();
    const shown = await lines.locator(".view-line").evaluateAll((all) =>
      all.map((l) => [parseInt(l.style.top, 10), l.textContent]).sort((a, b) => a[0] - b[0]).map((l) => l[1]),
    );
    return shown.join("\n").replace(/\u00a0/g, " ");
  }

  /** Waits until the active editor shows a text. */
  async shows(wanted) {
    await this.until(`${wanted} in the editor`, async () => {
      const text = await this.text();
      return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
    });
  }

  /** Asks by the input box. */
  async ask(text) {
    await this.command("OpenCode: Ask");
    const input = this.page.locator(".quick-input-widget input");
    await this.picker.filter({ hasText: "Ask OpenCode" }).waitFor();
    await input.fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits for the dialog of a question and returns its title. */
  async question(pattern) {
    const title = this.picker.locator(".quick-input-title").filter({ hasText: pattern });
    await title.waitFor();
    return title.textContent();
  }

  /** Chooses an entry of the open list by the mouse; again while it is not taken: a question grants nothing in its first moments. */
  async choose(label) {
    const title = async () => (await this.picker.locator(".quick-input-title").allTextContents()).join();
    const row = this.entry(label);
    await row.waitFor();
    const asked = await title();
    const taken = async () => !(await row.isVisible()) || (await title()) !== asked;
    await this.until(`${label} to be taken`, async () => {
      await row.click({ timeout: 1000 }).catch(() => {});
      // Another click at once might hit the question that comes next.
      for (let i = 0; i < 20; i++) {
        if (await taken()) return true;
        await this.page.waitForTimeout(100);
      }
      return false;
    });
  }

  /** Chooses an entry of the menu at the cursor. */
  async contextMenu(...labels) {
    await this.page.locator(".editor-group-container.active .monaco-editor .view-line").first().click({ button: "right" });
    for (const label of labels) await this.page.locator(".monaco-menu .action-label").filter({ hasText: label }).first().click();
  }

  /** Waits for a text in a rendered page: a preview, which has a frame of its own. */
  async rendered(text) {
    await this.until(`${text} in a preview`, async () => {
      for (const frame of this.page.frames()) {
        const shown = await frame.evaluate(() => document.body?.innerText ?? "").catch(() => "");
        if (frame !== this.page.mainFrame() && shown.includes(text)) return true;
      }
      return false;
    });
  }

  /** Waits for a notification. */
  async toast(text) {
    await this.toasts.filter({ hasText: text }).first().waitFor();
  }

  /** Presses a button of a notification. */
  async press(text, button) {
    const item = this.toasts.filter({ hasText: text }).first();
    await item.hover();
    await item.getByText(button, { exact: true }).click();
  }

  /** Takes all notifications away. */
  async clear() {
    await this.command("Notifications: Clear All Notifications");
    await this.toasts.first().waitFor({ state: "hidden" });
  }

  /** All notifications of ours so far, as the notification centre lists them. VS Code adds its own, such as of ports that others listen on. */
  async notifications() {
    await this.command("Notifications: Show Notifications");
    const list = this.page.locator(".notifications-center.visible .notification-list-item");
    await this.page.locator(".notifications-center.visible").waitFor();
    return (await list.allInnerTexts()).filter((text) => text.includes("OpenCode")); // one that is on its way out has no text any more
  }

  /** Whether a tab has unsaved changes. */
  async dirty(name) {
    const tab = this.page.locator(".tab").filter({ hasText: name }).first();
    return (await tab.getAttribute("class")).includes("dirty");
  }

  /** Keeps a picture. */
  async picture(what) {
    if (task.screens) await this.page.screenshot({ path: join(task.screens, `vscode-${task.name}-${what}.png`) });
  }
}

/** A file of the project on disk. */
export function disk(name) {
  return readFileSync(join(task.project, name), "utf8");
}

/** Whether it is there. */
export function onDisk(name) {
  return existsSync(join(task.project, name));
}

/** Changes a file of the project behind VS Code's back. */
export function write(name, text, mode) {
  mkdirSync(dirname(join(task.project, name)), { recursive: true });
  writeFileSync(join(task.project, name), text, { mode });
}

/** The running servers of this user. */
export function servers() {
  const program = join(task.bin, "opencode-lsp");
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`) === program;
    } catch {
      return false; // ended meanwhile
    }
  }).map(Number);
}

/** The state of an idle server. */
export const idle = /^\s*OpenCode\s*$/;

/** Runs opencode-lsp as another terminal would. */
export async function cli(...args) {
  return (await run("opencode-lsp", args, { cwd: task.project })).stdout;
}

/** The sessions of the workspace, newest first. */
export async function sessions() {
  return JSON.parse(await cli("sessions", "list", "--format", "json"));
}

/** The transcript of the newest session. */
export async function transcript() {
  return cli("sessions", "show", (await sessions())[0].id);
}

/** Prints a line of the report. */
export function say(...words) {
  console.log(...words);
}

export { assert };
