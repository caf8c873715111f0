import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkProgram, findServer } from "../src/find";

const root = mkdtempSync(join(tmpdir(), "find"));
const program = (dir: string, text = "#!/bin/sh\necho opencode-lsp 1.0\n", mode = 0o755) => {
  mkdirSync(join(root, dir), { recursive: true });
  const file = join(root, dir, "opencode-lsp");
  writeFileSync(file, text, { mode });
  return file;
};
const inPath = program("path");
const inBin = program("project/bin");
const places = { setting: "", path: "", windows: false, folders: [] as string[] };

test("the setting comes first", () => {
  assert.deepEqual(findServer({ ...places, setting: inBin, path: join(root, "path") }), { program: inBin });
});

test("a setting that is wrong is not replaced silently", () => {
  const found = findServer({ ...places, setting: join(root, "nowhere"), path: join(root, "path") });
  assert.deepEqual(found, { tried: [join(root, "nowhere")] });
});

test("PATH comes before the workspace", () => {
  assert.deepEqual(findServer({ ...places, path: join(root, "path"), folders: [join(root, "project")] }), { program: inPath });
});

test("the workspace's bin, where folders are given", () => {
  assert.deepEqual(findServer({ ...places, folders: [join(root, "project")] }), { program: inBin });
  assert.deepEqual(findServer(places), { tried: [] });
});

test("relative folders of PATH are not looked at", () => {
  assert.deepEqual(findServer({ ...places, path: "bin:." }), { tried: [] });
});

test("a file that cannot be run is not the program", () => {
  program("plain", "text", 0o644);
  assert.ok("tried" in findServer({ ...places, path: join(root, "plain") }));
});

test("checkProgram knows ours and says what another one says", async () => {
  assert.equal(await checkProgram(inPath), undefined);
  assert.match((await checkProgram(program("other", "#!/bin/sh\necho no such command >&2\nexit 2\n"))) ?? "", /no such command/);
  assert.match((await checkProgram(program("broken", "#!/nowhere\n"))) ?? "", /ENOENT/);
});
