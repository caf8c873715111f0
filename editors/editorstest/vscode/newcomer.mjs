/** The last step of the extension's README, in a window that nobody has set up and a folder that nobody has trusted. */
export default async function (w) {
  await w.open();
  await w.command("Welcome: Open Walkthrough");
  await w.choose("Get started with OpenCode");
  await w.page.locator(".gettingStartedContainer").filter({ hasText: "Install the server" }).waitFor();
  await w.picture("walkthrough");
  await w.edit("notes.txt");
  await w.page.keyboard.press("Control+K");
  await w.page.keyboard.press("a");
  await w.picker.filter({ hasText: "Attached: notes.txt" }).waitFor();
  await w.page.keyboard.type("What do you make of this?");
  await w.page.keyboard.press("Enter");
  await w.rendered("A fine beginning.");
  await w.picture("answer");
}
