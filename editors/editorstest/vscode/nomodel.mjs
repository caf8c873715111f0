import { assert, idle, say } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  assert.equal(await w.toasts.count(), 0, "nothing is said before the user wants something");
  await w.ask("hello");
  await w.toast(/model/);
  await w.picture("message");
  await w.state(idle);
  const said = await w.notifications();
  say(said.join(" | ").replace(/\s+/g, " "));
  assert.equal(said.length, 1);
}
