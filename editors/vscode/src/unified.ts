// Reads unified diffs and applies them to a text, so that a question's diff can stand in VS Code's own diff editor. Knows
// nothing of VS Code.

/** One file of a diff: its names ("/dev/null" for none) and hunks. */
export interface FileDiff {
  before: string;
  after: string;
  hunks: Hunk[];
}

/** One hunk: the first line (from 1; 0 in an empty file) that it replaces, and its lines with their marks. */
export interface Hunk {
  start: number;
  lines: string[];
}

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** Splits a diff into its files. Text that is no diff gives no files. */
export function parseDiff(diff: string): FileDiff[] {
  const lines = diff.split("\n");
  const files: FileDiff[] = [];
  for (let i = 0; i < lines.length; ) {
    const head = hunkHead.exec(lines[i]);
    if (head && files.length > 0) {
      i = readHunk(lines, i, head, files[files.length - 1]);
    } else if (lines[i].startsWith("--- ") && lines[i + 1]?.startsWith("+++ ")) {
      files.push({ before: lines[i].slice(4), after: lines[i + 1].slice(4), hunks: [] });
      i += 2;
    } else {
      i++;
    }
  }
  return files;
}

/** Takes as many lines as the head counts, so that a removed "-- x" is not read as a header. */
function readHunk(lines: string[], at: number, head: RegExpExecArray, file: FileDiff): number {
  let old = Number(head[2] ?? 1);
  let now = Number(head[4] ?? 1);
  const hunk: Hunk = { start: Number(head[1]), lines: [] };
  at++;
  while (at < lines.length && (old > 0 || now > 0 || lines[at].startsWith("\\"))) {
    const mark = lines[at][0];
    if (mark !== "+" && mark !== "\\") old--;
    if (mark !== "-" && mark !== "\\") now--;
    hunk.lines.push(lines[at++]);
  }
  file.hunks.push(hunk);
  return at;
}

/** The text after the diff, or undefined where the diff was made for another text. */
export function applyDiff(text: string, file: FileDiff): string | undefined {
  const old = splitLines(text);
  const out: string[] = [];
  let next = 0;
  for (const hunk of file.hunks) {
    const counted = hunk.lines.some((l) => l[0] === "-" || l[0] === " ");
    const start = counted ? hunk.start - 1 : hunk.start;
    if (start < next || start > old.length) return undefined;
    out.push(...old.slice(next, start));
    next = start;
    for (const { mark, line } of wholeLines(hunk.lines)) {
      if (mark === "+") {
        out.push(line);
        continue;
      }
      if (old[next] !== line) return undefined;
      if (mark === " ") out.push(line);
      next++;
    }
  }
  return out.concat(old.slice(next)).join("");
}

/** The lines of a hunk with their ends: "\ No newline at end of file" takes the end of the line before it away. */
function wholeLines(lines: string[]): { mark: string; line: string }[] {
  const whole: { mark: string; line: string }[] = [];
  for (const l of lines) {
    if (l.startsWith("\\")) {
      const last = whole[whole.length - 1];
      if (last) last.line = last.line.replace(/\n$/, "");
    } else {
      whole.push({ mark: l[0] ?? " ", line: l.slice(1) + "\n" });
    }
  }
  return whole;
}

function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}
