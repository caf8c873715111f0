import { assert, disk, idle, onDisk, say, write } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  await w.ask("make a file");
  await w.toast(/OpenCode #1 bash: touch plain/);
  await w.picture("question");
  assert.ok(!onDisk("plain.txt"));
  await w.press(/bash: touch plain/, "Show details");
  await w.rendered("touch plain.txt");
  await w.toast(/OpenCode #1 bash: touch plain/);
  await w.press(/bash: touch plain/, "Allow once");
  await w.until("the file", () => onDisk("plain.txt"));
  await w.state(idle);

  await w.edit("notes.txt");
  await w.ask("talk");
  await w.state("working");
  await w.page.locator(".statusbar-item").filter({ hasText: "answering" }).waitFor();
  await w.picture("progress");
  await w.command("OpenCode: Cancel");
  await w.toast("OpenCode: cancelled");
  await w.state(idle);
  await w.clear();

  await w.focusEditor();
  await w.page.keyboard.press("Control+End");
  await w.page.keyboard.type("typed, not saved");
  await w.shows("typed, not saved");
  write("notes.txt", "First line, changed by another program.\n");
  await w.ask("change the line");
  await w.toast(/edit: notes/);
  await w.press(/edit: notes/, "Allow once");
  await w.state("1 unsaved");
  say("a file that cannot be saved counts as unsaved");
  await w.picture("unsaved");
  await w.edit("notes.txt");
  await w.shows("1st line.");
  await w.shows("typed, not saved");
  assert.match(disk("notes.txt"), /another program/, "nobody's text is lost");
  await w.command("File: Revert File");
  await w.shows("changed by another program");
  await w.state(idle);
}
