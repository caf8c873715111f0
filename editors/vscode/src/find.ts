// Finds the program: the setting, then PATH, then the workspace's own bin folder.
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** What the search depends on; a plain object so that it can be tested without VS Code. */
export interface Places {
  /** The setting opencode.server.path, "" for none. */
  setting: string;
  /** PATH, and on Windows PATHEXT decides the endings. */
  path: string;
  windows: boolean;
  /** Folders whose bin may hold the program; empty where the workspace is not trusted. */
  folders: string[];
}

/** Where the program is, or where it was looked for in vain. */
export type Found = { program: string } | { tried: string[] };

/** Finds the program. A path that the user has set is the only one tried: silently running another would hide a typo. */
export function findServer(p: Places): Found {
  const name = p.windows ? "opencode-lsp.exe" : "opencode-lsp";
  const tried: string[] = [];
  const candidates = p.setting
    ? settingPaths(p)
    : [...split(p).map((dir) => path.join(dir, name)), ...p.folders.map((dir) => path.join(dir, "bin", name))];
  for (const file of candidates) {
    if (executable(file)) return { program: file };
    tried.push(file);
  }
  return { tried };
}

/** The setting as an absolute path; a bare name is looked up in PATH. */
function settingPaths(p: Places): string[] {
  const expanded = p.setting.replace(/^~(?=\/|\\|$)/, os.homedir());
  if (path.isAbsolute(expanded)) return [expanded];
  if (!/[\\/]/.test(expanded)) return split(p).map((dir) => path.join(dir, expanded));
  return p.folders.map((dir) => path.join(dir, expanded));
}

/** The folders of PATH; relative ones are left out, since a repository could be one. */
function split(p: Places): string[] {
  return p.path.split(p.windows ? ";" : ":").filter((dir) => path.isAbsolute(dir));
}

function executable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** How long the program may take to say its version, in milliseconds. */
const versionMs = 10_000;

/** What is wrong with a program that is there, or undefined: something else of that name would only fail over and over. */
export function checkProgram(program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, ["version"], { timeout: versionMs }, (err, stdout, stderr) => {
      if (!err && /^opencode-lsp\b/.test(stdout)) return resolve(undefined);
      const said = (stderr || stdout || (err?.message ?? "")).trim().split("\n")[0].slice(0, 120);
      resolve(said ? `it says: ${said}` : "it does not answer to `version`");
    });
  });
}
