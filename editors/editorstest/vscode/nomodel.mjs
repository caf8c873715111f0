import { assert, idle, say } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  assert.equal(await w.toasts.count(), 0, "nothing is said before the user wants something");
  await w.ask("hello");
  await w.toast(/model/);
  await w.picture("message");
  await w.state(idle);
  let said = [];
  await w.until("one message, and that alone", async () => {
    said = await w.notifications(); // VS Code shows the progress of the turn for a moment longer than it lasts
    return said.length === 1;
  });
  say(said[0].replace(/\s+/g, " "));
  assert.match(said[0], /no model is set/);
}
