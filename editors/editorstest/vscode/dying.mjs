import { assert } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode: off");
  await w.toast("could not be started; the output shows why");
  await w.picture("message");
  assert.equal((await w.notifications()).length, 1);
}
