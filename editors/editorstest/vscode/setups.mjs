import { assert, disk, idle, onDisk, say, servers, sessions, transcript, Window, write } from "./drive.mjs";

const file = "grüße an alle.txt";

export default async function (w) {
  write(file, "first line\r\nsecond line\r\n");
  await w.open();
  await w.edit(file);
  await w.ask("greet me");
  await w.rendered("Hello.");
  await w.edit(file);
  await crash(w);
  for (const part of [lineEndings, crashInQuestion, untitled, keepsDying, secondWindow]) {
    await part(w);
    say(part.name, "ok");
  }
}

/** Kills the server and waits for the next one. */
async function crash(w) {
  const [first] = servers();
  process.kill(first, "SIGKILL");
  await w.until("another server", () => servers().some((pid) => pid !== first));
  await w.state(idle);
}

async function lineEndings(w) {
  await w.ask("mend the second line");
  await w.question(/edit: grüße an alle/);
  await w.choose("Allow once");
  await w.shows("and a third");
  await w.state(idle);
  assert.equal((await sessions()).length, 1, "the session goes on after the crash");
  assert.match(await transcript(), /Hello\.[^]*2nd line/);
  await w.until("the file on disk", () => disk(file) === "first line\r\n2nd line\r\nand a third\r\n");
}

async function crashInQuestion(w) {
  await w.ask("make a file");
  await w.question(/bash: touch crashed/);
  await crash(w);
  await w.picker.waitFor({ state: "hidden" }); // nobody would hear the answer
  await w.ask("and now?");
  await w.until("an answer", async () => (await transcript()).includes("I go on without it."));
  await w.state(idle);
  assert.ok(!onDisk("crashed.txt"));
  assert.equal((await sessions()).length, 1);
}

async function untitled(w) {
  await w.command("File: New Untitled Text File");
  await w.page.keyboard.type("a draft");
  await w.ask("look at this draft");
  await w.until("an answer", async () => (await transcript()).includes("no obstacle"));
}

async function secondWindow(w) {
  const second = new Window(await w.page.context().newPage());
  await second.open();
  assert.equal(servers().length, 2, "each window has its own server");
  await second.ask("hello from here");
  await second.until("an answer", async () => (await transcript()).includes("second window"));
}

/** Crashes without an end are told once; the command starts the server again. */
async function keepsDying(w) {
  await w.clear();
  for (let i = 0; i < 2; i++) await crash(w);
  process.kill(servers()[0], "SIGKILL");
  await w.toast("the server ended 5 times within 3 minutes");
  await w.state("OpenCode: off");
  await w.picture("crashed");
  assert.equal((await w.notifications()).length, 1);
  await w.command("OpenCode: Restart the Server");
  await w.state(idle);
}
