import { assert, say } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode");
  await w.toast("is too old for this extension; install the current one");
  await w.picture("message");
  const said = await w.notifications();
  say(said.join(" | ").replace(/\s+/g, " "));
  assert.equal(said.length, 1);
}
