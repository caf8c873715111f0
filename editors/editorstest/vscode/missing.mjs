import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { assert, task } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode: off");
  await w.toast("the program opencode-lsp was not found");
  assert.equal(await w.toasts.count(), 1);
  await w.picture("message");
  copyFileSync(task.program, join(task.bin, "opencode-lsp"));
  await w.command("OpenCode: Restart the Server");
  await w.state(/^\s*OpenCode\s*$/);
}
