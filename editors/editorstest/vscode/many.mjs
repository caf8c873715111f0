import { assert, disk, say, transcript } from "./drive.mjs";

export default async function (w) {
  await w.open();
  await w.edit("f00.go");
  await w.ask("set all values to 1");
  await w.question(/OpenCode #\d+ edit: f00/);
  const start = Date.now();
  await w.choose("Always allow edits this session");
  await w.question(/bash: go vet/);
  say(`30 edits in 12 files: ${Date.now() - start} ms from the answer to the next question`);
  assert.match(disk("f11.go"), /v110 = 0/, "edits go to the buffers first");
  await w.choose("Allow once");
  await w.toast("OpenCode: done, changed");
  for (let i = 0; i < 12; i++) {
    const name = `f${String(i).padStart(2, "0")}.go`;
    assert.doesNotMatch(disk(name), /= 0/, `${name} is saved for the command`);
  }
  assert.doesNotMatch(await transcript(), /stale|refused/);
  await w.command("OpenCode: Undo the Last Turn");
  await w.toast("OpenCode: taken back in");
  await w.shows("v000 = 0");
  await w.picture("undone");
  await w.command("OpenCode: Redo the Changes");
  await w.toast("OpenCode: done again in");
  await w.shows("v000 = 1");
}
