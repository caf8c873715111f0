import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDiff, parseDiff } from "../src/unified";

const cases = [
  { name: "one line", before: "a\nb\nc\n", diff: "--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", after: "a\nB\nc\n" },
  { name: "created", before: "", diff: "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n", after: "a\nb\n" },
  { name: "created empty", before: "", diff: "--- /dev/null\n+++ f\n", after: "" },
  { name: "removed", before: "a\nb\n", diff: "--- f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n", after: "" },
  { name: "no line end", before: "a", diff: "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", after: "b" },
  { name: "line end added", before: "a", diff: "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", after: "a\n" },
  { name: "windows", before: "a\r\nb\r\n", diff: "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n", after: "a\r\nc\r\n" },
  { name: "lines like headers", before: "-- x\n", diff: "--- f\n+++ f\n@@ -1 +1 @@\n--- x\n+++ y\n", after: "++ y\n" },
  { name: "two hunks", before: "1\n2\n3\n4\n5\n6\n", diff: "--- f\n+++ f\n@@ -1 +1,2 @@\n 1\n+1a\n@@ -6 +7 @@\n-6\n+six\n", after: "1\n1a\n2\n3\n4\n5\nsix\n" },
  { name: "another text", before: "x\n", diff: "--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n", after: undefined },
  { name: "beyond the end", before: "x\n", diff: "--- f\n+++ f\n@@ -9 +9 @@\n-a\n+b\n", after: undefined },
];

for (const c of cases) {
  test(`applyDiff: ${c.name}`, () => {
    const files = parseDiff(c.diff);
    assert.equal(files.length, 1);
    assert.equal(applyDiff(c.before, files[0]), c.after);
  });
}

test("parseDiff: two files", () => {
  const files = parseDiff("--- a\n+++ a\n@@ -1 +1 @@\n-1\n+2\n--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+x\n");
  assert.deepEqual(files.map((f) => f.after), ["a", "b"]);
});

test("parseDiff: no diff", () => assert.deepEqual(parseDiff("some text\n--- only this\n"), []));
