// Shows the server's log file in an output channel. The server logs to a file, since stdout is the protocol's and what
// comes over stderr would be lost when the server crashes before it is read.
import * as fs from "node:fs";
import * as vscode from "vscode";

/** Appends to the channel what is added to the file, until disposed. */
export function followLog(file: string, channel: vscode.OutputChannel): vscode.Disposable {
  let seen = 0;
  let reading = Promise.resolve();
  const read = () => {
    reading = reading.then(async () => {
      try {
        seen = await copyFrom(file, seen, channel);
      } catch {
        seen = 0; // the file is not there yet, or was removed
      }
    });
  };
  fs.watchFile(file, { interval: 1000, persistent: false }, read);
  read();
  return new vscode.Disposable(() => fs.unwatchFile(file, read));
}

/** Copies what the file holds after the offset and returns where it ends; a file that shrank is read anew. */
async function copyFrom(file: string, offset: number, channel: vscode.OutputChannel): Promise<number> {
  const handle = await fs.promises.open(file, "r");
  try {
    const { size } = await handle.stat();
    const start = size < offset ? 0 : offset;
    if (size === start) return size;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    channel.append(buffer.toString("utf8", 0, bytesRead).trimEnd());
    return start + bytesRead;
  } finally {
    await handle.close();
  }
}
