import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { assert, disk, say, sessions, task, transcript, Window, write } from "./drive.mjs";

const idle = /^\s*OpenCode\s*$/;

export default async function (w) {
  write("windows.txt", "first line\r\nsecond line\r\n");
  await w.open();
  await w.edit("windows.txt");
  await w.ask("greet me");
  await w.until("an answer", async () => (await transcript().catch(() => "")).includes("Hello."));
  await w.page.locator(".tab").filter({ hasText: "ses_" }).waitFor();
  await w.edit("windows.txt");

  const [first] = servers();
  process.kill(first, "SIGKILL");
  await w.until("another server", () => servers().some((pid) => pid !== first));
  await w.state(idle);
  say("the server was killed and is back");

  await w.edit("windows.txt");
  await w.ask("mend the second line");
  await w.question(/edit: windows/);
  await w.choose("Allow once");
  await w.shows("and a third");
  await w.state(/unsaved|OpenCode\s*$/);
  assert.equal((await sessions()).length, 1, "the session goes on after the crash");
  assert.match(await transcript(), /Hello\.[^]*2nd line/);
  await w.until("the file on disk", () => disk("windows.txt") === "first line\r\n2nd line\r\nand a third\r\n");
  say("Windows line endings are kept");

  await w.command("New Untitled Text File");
  await w.page.keyboard.type("a draft");
  await w.ask("look at this draft");
  await w.until("an answer", async () => (await transcript()).includes("no obstacle"));

  const second = new Window(await w.page.context().newPage());
  await second.open();
  assert.equal(servers().length, 2, "each window has its own server");
  await second.ask("hello from here");
  await second.until("an answer", async () => (await transcript()).includes("second window"));
  say("two windows on one workspace");
}

/** The running servers of this user. */
function servers() {
  const program = join(task.bin, "opencode-lsp");
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`) === program;
    } catch {
      return false; // ended meanwhile
    }
  }).map(Number);
}
