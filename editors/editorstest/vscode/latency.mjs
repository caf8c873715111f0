import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, cli, idle, say, task } from "./drive.mjs";

const rounds = 8;
const keys = 50;
/** Milliseconds from one key to the next: a quick typist's. */
const pace = 60;

/**
 * From the key pressed in the browser to the server's answer to a request sent right after that key's didChange. Every
 * second round streams first, so that a machine that grows slower or quicker favours neither.
 */
export default async function (w) {
  await w.open();
  await w.edit("notes.txt");
  await w.page.keyboard.press("Control+End");
  await type(w); // what is slow the first time is not measured
  const quiet = [];
  const streaming = [];
  for (let i = 0; i < rounds; i++) {
    if (i % 2) quiet.push(...(await type(w)));
    await cli("send", "talk");
    await w.toasts.filter({ hasText: "answering" }).first().waitFor();
    streaming.push(...(await type(w)));
    assert.equal(await w.toasts.filter({ hasText: "answering" }).count(), 1, "it streamed all the time");
    if (i === 0) await w.picture("typing");
    await w.page.keyboard.press("Control+K");
    await w.page.keyboard.press("x");
    await w.toast("OpenCode: cancelled");
    await w.state(idle);
    await w.clear();
    await w.focusEditor();
    if (!(i % 2)) quiet.push(...(await type(w)));
  }
  const ratio = quantile(streaming, 0.5) / quantile(quiet, 0.5);
  say(`key to didChange handled, ${rounds} times ${keys} keys each, 25 % / median / 90 % in ms: quiet ${figures(quiet)}, streaming ${figures(streaming)}`);
  say(`ratio of the medians: ${ratio.toFixed(2)}`);
  assert.ok(ratio <= 1.2, "typing is slower while a turn streams");
  handled(2 * rounds * keys);
}

/** The server's own time for each didChange, as it logs it. */
function handled(atLeast) {
  const [log] = globSync(join(task.dir, "user/**/opencode-lsp.log"));
  const took = [...readFileSync(log, "utf8").matchAll(/textDocument\/didChange took ([\d.]+)(µs|ms|s)\b/g)].map(([, n, unit]) => n * { "µs": 1, ms: 1e3, s: 1e6 }[unit]);
  say(`the server's handling of ${took.length} didChange: median ${quantile(took, 0.5)} µs, 99 % ${quantile(took, 0.99)} µs`);
  assert.ok(took.length >= atLeast, "each didChange is in the log");
  assert.ok(quantile(took, 0.99) < 1000, "the server's handling takes a millisecond or more");
}

/** Types and returns each key's latency in milliseconds. */
async function type(w) {
  const pressed = [];
  const before = probe().length;
  for (let i = 0; i < keys; i++) {
    pressed.push(Date.now());
    await w.page.keyboard.press("x");
    await w.page.waitForTimeout(Math.max(0, pressed[i] + pace - Date.now()));
  }
  const seen = await w.until("the probe", () => {
    const lines = probe().slice(before);
    return lines.length >= keys && lines;
  });
  return pressed.map((at, i) => seen[i] - at);
}

/** When the server had handled each change so far. */
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
  return `${quantile(list, 0.25)} / ${quantile(list, 0.5)} / ${quantile(list, 0.9)}`;
}
