import { assert, cli, idle, onDisk, say, transcript } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  for (const part of [reject, cancel, closed, typing, two, told, long, asked]) {
    await part(w);
    say(part.name, "ok");
    await w.clear();
    await w.focusEditor();
  }
}

async function reject(w) {
  await w.ask("make a file");
  await w.question(/bash: touch rejected/);
  await w.choose("Reject");
  await w.toast("you rejected the call");
  await w.state(idle);
  assert.ok(!onDisk("rejected.txt"));
}

async function cancel(w) {
  await w.ask("talk");
  const progress = w.toasts.filter({ hasText: "answering" }).first();
  await progress.waitFor();
  await w.picture("progress");
  await w.press("answering", "Cancel");
  await w.toast("OpenCode: cancelled");
  await w.state(idle);
}

async function closed(w) {
  await w.ask("make a file");
  await w.question(/bash: touch later/);
  await w.page.keyboard.press("Escape");
  await w.toast(/bash: touch later/);
  await w.picture("fallback");
  await w.state("waiting for you");
  assert.ok(!onDisk("later.txt"), "Esc is no consent");
  say((await cli("answer", "once")).trim()); // fails where the question is not open any more
  await w.state(idle);
  assert.ok(onDisk("later.txt"));
}

async function typing(w) {
  await w.ask("make another file");
  await w.focusEditor();
  for (let i = 0; i < 60; i++) await w.page.keyboard.press(i % 3 ? "a" : "Enter", { delay: 30 });
  assert.ok(!onDisk("typed.txt"), "keys meant for the editor grant nothing");
  const dialog = w.picker.filter({ hasText: "bash: touch typed" });
  const shown = w.page.locator(".tab").filter({ hasText: "bash.txt" });
  await w.until("the question", async () => (await dialog.isVisible()) || (await shown.isVisible()));
  if (!(await dialog.isVisible())) await w.command("OpenCode: Answer the Open Question"); // an Enter took its first entry
  await w.question(/bash: touch typed/);
  await w.page.keyboard.type("allow once");
  for (const key of ["Enter", "ArrowDown", "Enter"]) await w.page.keyboard.press(key);
  await w.command("OpenCode: Answer the Open Question"); // says so where none is open any more
  await w.question(/bash: touch typed/);
  assert.ok(!onDisk("typed.txt"), "nor do keys typed into the dialog as it comes");
  await w.choose("Allow once");
  await w.state(idle);
  assert.ok(onDisk("typed.txt"));
}

async function two(w) {
  await w.ask("make both");
  await w.question(/bash: touch one/);
  await w.choose("Allow once");
  await w.question(/bash: touch two/);
  await w.choose("Allow once");
  await w.state(idle);
  assert.ok(onDisk("one.txt") && onDisk("two.txt"));
}

async function told(w) {
  await w.ask("one more");
  await w.question(/bash: touch told/);
  await w.choose("Reject and say");
  await w.picker.filter({ hasText: "What should OpenCode do instead?" }).waitFor();
  await w.page.keyboard.type("not that way");
  await w.page.keyboard.press("Enter");
  await w.state(idle);
  assert.ok(!onDisk("told.txt"));
  assert.match(await transcript(), /not that way[^]*I understand/);
}

async function long(w) {
  await w.ask("something long");
  await w.question(/bash: printf/);
  await w.page.locator(".view-lines").filter({ hasText: "the-very-end" }).waitFor();
  await w.picture("long");
  await w.choose("Reject");
  await w.toast("you rejected the call");
  await w.page.locator(".tab").filter({ hasText: "bash" }).waitFor({ state: "hidden" });
}

/** A question of the model's own: one of its answers, then words. */
async function asked(w) {
  await w.ask("which one?");
  await w.question(/question: Which fruit/);
  await w.picture("asked");
  await w.choose("Pear");
  await w.question(/question: Which colour/);
  await w.choose("Answer in your own words");
  await w.picker.filter({ hasText: "Which colour?" }).waitFor();
  await w.page.keyboard.type("a greenish yellow");
  await w.page.keyboard.press("Enter");
  await w.until("the answer", async () => /Pear[^]*a greenish yellow[^]*A fine choice/.test(await transcript()));
}
