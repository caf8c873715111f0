import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { assert, idle, task } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode: off");
  await w.toast("the program opencode-lsp was not found");
  await w.picture("message");
  assert.equal((await w.notifications()).length, 1);
  copyFileSync(task.program, join(task.bin, "opencode-lsp"));
  await w.command("OpenCode: Restart the Server");
  await w.state(idle);
}
