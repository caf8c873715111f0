import { join } from "node:path";
import { assert, idle, onDisk, say, task, write } from "./drive.mjs";

export default async function (w) {
  for (const name of ["bin/opencode-lsp", "evil"]) {
    write(name, `#!/bin/sh\ntouch '${join(task.project, name)}.ran'\nexec '${join(task.bin, "server")}' "$@"\n`, 0o755);
  }
  await w.open("OpenCode: off");
  await w.toast("the program opencode-lsp was not found");
  await w.picture("restricted");
  assert.ok(!onDisk("bin/opencode-lsp.ran") && !onDisk("evil.ran"), "nothing of the workspace's runs before it is trusted");
  await w.clear();

  await w.command("Workspaces: Manage Workspace Trust");
  await w.page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).click();
  await w.state(idle);
  assert.ok(onDisk("bin/opencode-lsp.ran") && !onDisk("evil.ran"), "trusted: its bin folder counts, its settings name no program all the same");
  await w.edit("notes.txt");
  await w.ask("make a file");
  say("trusted, and it asks:", await w.question(/bash: touch asked/));
  await w.choose("Reject");
  await w.state(idle);
  assert.ok(!onDisk("asked.txt"));
}
