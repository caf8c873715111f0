// `node run.mjs ./NAME.mjs` opens a window and runs the function that NAME.mjs exports; the task comes in the variable TASK.
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { patience, say, task, Window } from "./drive.mjs";

const { chromium } = createRequire(import.meta.url)(task.playwright);

async function main(scenario) {
  const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const context = await chromium.launchPersistentContext(task.browser, {
    executablePath: task.chromium,
    headless: true,
    args: flags,
    viewport: { width: 1280, height: 760 },
  });
  const window = new Window(context.pages()[0] ?? (await context.newPage()));
  window.page.setDefaultTimeout(patience);
  try {
    const { default: play } = await import(scenario);
    await play(window);
    say("ok");
  } catch (err) {
    await window.picture("FAILED");
    say(err.stack ?? err);
    for (const log of globSync(join(task.dir, "user/logs/**/*OpenCode*.log"))) say(readFileSync(log, "utf8").slice(0, 2000));
    process.exitCode = 1;
  } finally {
    await context.close();
  }
}

await main(process.argv[2]);
