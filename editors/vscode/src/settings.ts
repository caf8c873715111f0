// What the server gets of the settings: the keys that the user has set, under the names of opencode.json. Defaults are left
// out, since the editor's settings come before the project's opencode.json and would hide what that says.
import * as vscode from "vscode";

/** The settings under opencode.* that are keys of opencode.json; the others concern the extension alone. */
const serverKeys = [
  "model",
  "small_model",
  "provider",
  "permission",
  "instructions",
  "mcp",
  "edits.save",
  "edits.unopened",
  "transcript.open",
  "permission_prompt.type",
  "permission_prompt.first",
];

/** The section "opencode" for the server, as workspace/configuration gives it. */
export function serverSettings(): Record<string, unknown> {
  const config = vscode.workspace.getConfiguration("opencode");
  const section: Record<string, unknown> = {};
  for (const key of serverKeys) {
    const set = config.inspect(key);
    const value = set?.workspaceFolderValue ?? set?.workspaceValue ?? set?.globalValue;
    if (value !== undefined && value !== null) put(section, key.split("."), value);
  }
  return section;
}

function put(object: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    object[key] = value;
    return;
  }
  object[key] ??= {};
  put(object[key] as Record<string, unknown>, rest, value);
}

/** A setting of the extension itself. */
export function setting<T>(key: string, otherwise: T): T {
  return vscode.workspace.getConfiguration("opencode").get<T>(key) ?? otherwise;
}
