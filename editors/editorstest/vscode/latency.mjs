import { readFileSync } from "node:fs";
import { assert, say, task } from "./drive.mjs";

const rounds = 3;
const keys = 80;

/** The machine does other things too: what it does to the slower keys is not the agent's doing. */
const undisturbed = 0.25;

/** From the key pressed in the browser to the server's answer to a request sent right after that key's didChange. */
export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  await w.page.keyboard.press("Control+End");
  await type(w); // what is slow the first time is not measured
  const quiet = [];
  const streaming = [];
  for (let i = 0; i < rounds; i++) {
    quiet.push(...(await type(w)));
    await w.ask("talk");
    await w.toasts.filter({ hasText: "answering" }).first().waitFor();
    await w.focusEditor();
    streaming.push(...(await type(w)));
    await w.command("OpenCode: Cancel");
    await w.state(/^\s*OpenCode\s*$/);
    await w.focusEditor();
  }
  say(`key to didChange handled, ${quiet.length} keys each, lower quartile / median / 90 % in ms: quiet ${figures(quiet)}, streaming ${figures(streaming)}`);
  const [a, b] = [quantile(quiet, undisturbed), quantile(streaming, undisturbed)];
  say(`ratio of the lower quartiles: ${(b / a).toFixed(2)}`);
  assert.ok(b <= 1.2 * a + 1, "typing is slower while a turn streams"); // Date.now counts whole milliseconds
}

/** Types and returns each key's latency in milliseconds; the probe notes when the server had the text of which length. */
async function type(w) {
  const pressed = [];
  const before = probe().length;
  for (let i = 0; i < keys; i++) {
    pressed.push(Date.now());
    await w.page.keyboard.press("x");
    await w.page.waitForTimeout(25);
  }
  const seen = await w.until("the probe", () => {
    const lines = probe().slice(before);
    return lines.length >= keys && lines;
  });
  return pressed.map((at, i) => seen[i] - at);
}

function probe() {
  try {
    return readFileSync(task.probe, "utf8").trim().split("\n").map(Number);
  } catch {
    return [];
  }
}

function quantile(list, q) {
  return list.toSorted((a, b) => a - b)[Math.floor(q * (list.length - 1))];
}

function figures(list) {
  return `${quantile(list, undisturbed)} / ${quantile(list, 0.5)} / ${quantile(list, 0.9)}`;
}
