import { assert, say } from "./drive.mjs";

/** Looks each chord up in VS Code's list of all default keys, which holds the extension's too. */
export default async function (w) {
  await w.open();
  await w.command("Preferences: Open Default Keyboard Shortcuts (JSON)");
  await w.page.locator(".tab.active").filter({ hasText: "Keybindings" }).waitFor();
  await w.focusEditor();
  await w.page.keyboard.press("Control+F");
  const find = w.page.locator(".find-widget.visible");
  await find.waitFor();
  for (const key of ["a", "j", "q", "x", "g"]) {
    await find.locator("textarea").first().fill(`"key": "ctrl+k ${key}"`);
    const count = find.locator(".matchesCount").filter({ hasText: / of |No results/ });
    await w.page.waitForTimeout(500); // the count follows the text
    say(key, await count.textContent());
    assert.match(await count.textContent(), /of 1$/, `ctrl+k ${key} is ours alone`);
  }
}
