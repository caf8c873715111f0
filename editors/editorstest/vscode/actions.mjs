import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, idle, say, sessions, task, transcript } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("main.go");
  for (const part of [lightBulb, diagnostics, contextMenu, palette, selection, sessionList, model, agent, log]) {
    await part(w);
    say(part.name, "ok");
  }
}

/** Waits for the answer of the newest session and goes back to the code. */
async function answered(w, text) {
  await w.until(text, async () => (await transcript().catch(() => "")).includes(text));
  await w.state(idle);
  await w.edit("main.go");
}

async function lightBulb(w) {
  await w.page.locator(".squiggly-error").first().waitFor();
  await w.page.locator(".view-line").filter({ hasText: "BUG" }).click();
  await w.page.keyboard.press("Control+.");
  const action = w.page.locator(".action-widget .monaco-list-row").filter({ hasText: "OpenCode: Fix: the answer is wrong" });
  await action.waitFor();
  await w.picture("bulb");
  await action.click();
  await answered(w, "Mended, I would say.");
}

/** The problems of other extensions have come to the server. */
async function diagnostics(w) {
  const wire = join(task.dir, "state.wire");
  await w.until("opencode/diagnostics", () => existsSync(wire) && /"opencode\/diagnostics".*main\.go.*the answer is wrong/.test(readFileSync(wire, "utf8")));
}

async function contextMenu(w) {
  await w.contextMenu("OpenCode");
  await w.page.locator(".monaco-menu .action-label").filter({ hasText: "Write Tests" }).waitFor();
  await w.picture("menu");
  await w.page.locator(".monaco-menu .action-label").filter({ hasText: "Explain" }).click();
  await w.rendered("Explained.");
  await answered(w, "Explained.");
}

async function palette(w) {
  for (const [title, answer] of [["Refactor", "Refactored."], ["Document", "Documented."], ["Write Tests", "Tested."], ["Review", "Reviewed."]]) {
    await w.command(`OpenCode: ${title}`);
    await answered(w, answer);
  }
}

async function selection(w) {
  await w.page.keyboard.press("Control+Home");
  for (let i = 0; i < 3; i++) await w.page.keyboard.press("ArrowDown");
  for (let i = 0; i < 2; i++) await w.page.keyboard.press("Shift+ArrowDown");
  await w.page.keyboard.press("Shift+End");
  await w.page.keyboard.press("Control+K");
  await w.page.keyboard.press("a");
  await w.picker.filter({ hasText: "Attached: main.go:4-6" }).waitFor();
  await w.picture("ask");
  await w.page.keyboard.type("What is selected?");
  await w.page.keyboard.press("Enter");
  await answered(w, "The selection is attached.");
}

async function sessionList(w) {
  await w.command("OpenCode: New Session");
  await w.ask("hello there");
  await answered(w, "A new session.");
  const [newest, first] = await sessions();
  assert.notEqual(newest.id, first.id);
  await w.command("OpenCode: Sessions");
  await w.picker.filter({ hasText: "OpenCode sessions" }).waitFor();
  await w.picture("sessions");
  await w.choose(first.title);
  await w.page.locator(".tab.active").filter({ hasText: first.id }).waitFor();
  await w.edit("main.go");
  await w.ask("and hello here");
  await answered(w, "The old session.");
  assert.equal((await sessions())[0].id, first.id, "the prompt went to the session that was chosen");
}

async function model(w) {
  await select(w, "Model", "scripted/model", "scripted/other");
  await w.until("the new model", async () => (await w.status.first().innerHTML()).includes("model scripted/other"));
}

async function agent(w) {
  await select(w, "Agent", "build", "plan");
  await w.ask("what is to be done?");
  await answered(w, "Planned.");
  await w.command("OpenCode: Choose the Agent");
  await w.picker.filter({ hasText: "In use: plan" }).waitFor();
  await w.page.keyboard.press("Escape");
}

/** Chooses a model or an agent by name. */
async function select(w, what, now, next) {
  await w.command(`OpenCode: Choose the ${what}`);
  await w.picker.filter({ hasText: `In use: ${now}` }).waitFor();
  await w.page.keyboard.type(next);
  await w.page.keyboard.press("Enter");
}

async function log(w) {
  await w.command("OpenCode: Show the Log");
  await w.page.locator(".part.panel .view-lines").filter({ hasText: "Starting" }).waitFor();
  await w.picture("log");
}
