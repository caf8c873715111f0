import { say } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode: off");
  await w.toast("could not be started");
  await w.page.waitForTimeout(3000);
  say((await w.toasts.allInnerTexts()).join(" | ").replace(/\s+/g, " "));
  await w.picture("message");
}
