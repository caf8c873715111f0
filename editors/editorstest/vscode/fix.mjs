import { assert, disk, idle, say, transcript } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("other.go");
  await w.page.keyboard.press("Control+End");
  await w.page.keyboard.type("// not saved");
  await w.edit("calc.go");
  await w.page.keyboard.press("Control+End");
  await w.page.keyboard.type("// the user types here");
  await w.shows("// the user types here");

  await w.command("OpenCode: Fix");
  await w.picker.filter({ hasText: "What is wrong?" }).waitFor();
  await w.page.locator(".quick-input-widget input").fill("TestAdd fails");
  await w.page.keyboard.press("Enter");

  const edit = await w.question(/OpenCode #\d+ edit/);
  say("question:", edit);
  await w.state("waiting for you");
  await w.page.locator(".monaco-diff-editor").first().waitFor();
  await w.picture("question");
  assert.match(disk("calc.go"), /a - b/, "nothing may happen before the answer");
  await w.choose("Show the change");
  await w.picker.waitFor({ state: "hidden" });
  await w.picture("change");
  await w.page.locator('.editor-actions a[aria-label^="Answer the Open Question"], .editor-actions a[aria-label*="Answer the Open Question"]').first().click();
  await w.question(edit);
  await w.choose("Allow once");
  say("question:", await w.question(/OpenCode #\d+ edit: doc.go/));
  await w.choose("Allow once");

  say("question:", await w.question(/OpenCode #\d+ bash: go test/));
  await w.picture("command");
  assert.match(disk("calc.go"), /a - b/, "the edit is in the buffer, not on disk");
  await w.choose("Allow once");

  await w.toast("OpenCode: done, changed calc.go, doc.go");
  await w.state(idle);
  await w.picture("finished");
  assert.match(disk("calc.go"), /a \+ b/, "the save barrier must have saved the agent's edit");
  assert.match(disk("calc.go"), /the user types here/);
  assert.doesNotMatch(disk("other.go"), /not saved/, "a file that the agent did not touch stays unsaved");
  assert.match(await transcript(), /ok\s+example\.com\/calc/);
  assert.ok(await w.dirty("other.go"));

  await w.edit("calc.go");
  await w.shows("return a + b");
  await w.page.keyboard.press("Control+Z");
  await w.shows("return a - b");
  await w.shows("// the user types here");
  await w.edit("doc.go");
  await w.shows("subtracts no more");
  await w.page.keyboard.press("Control+Z");
  await w.shows("// Package calc calculates.");
  await w.edit("calc.go");
  await w.shows("return a - b");
  say("undone by one Ctrl+Z in each buffer");

  await w.command("OpenCode: Show the Transcript");
  await w.page.locator(".tab").filter({ hasText: /ses_/ }).waitFor();
  await w.rendered("Fixed: Add subtracted its second argument.");
  await w.picture("transcript");
}
