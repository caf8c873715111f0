import { say } from "./drive.mjs";

export default async function (w) {
  await w.open("OpenCode: off");
  await w.toast("is not opencode-lsp or cannot run here");
  say((await w.toasts.allInnerTexts()).join(" | ").replace(/\s+/g, " "));
  await w.picture("message");
}
