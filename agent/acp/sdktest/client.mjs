// The client of the public ACP SDK, told what to do by the test that starts it: arguments are the program to run, the
// workspace and the file to which every message is written, one a line, as {from, message}. It prints one line of JSON for each
// thing that it saw; the test reads them.
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

const [sdk, program, dir, wire] = process.argv.slice(2);
const acp = await import(pathToFileURL(join(sdk, "node_modules/@agentclientprotocol/sdk/dist/v1/unstable/acp.js")));
const { methods } = acp;
const say = (what, more) => console.log(JSON.stringify({ what, ...more }));

// A buffer that the user has changed and not saved.
const buffers = new Map([[join(dir, "dirty.txt"), "one\nunsaved two\nthree\n"]]);
const answers = []; // of the coming questions, by the kind of the option
const terminals = new Map();
let updates = [];
let onUpdate = () => {};

function client() {
  return acp
    .client({ name: "opencode-lsp-test" })
    .onNotification(methods.client.session.update, ({ params }) => {
      updates.push(params.update);
      onUpdate(params.update);
    })
    .onRequest(methods.client.session.requestPermission, async ({ params }) => {
      say("question", { title: params.toolCall.title, kind: params.toolCall.kind, content: params.toolCall.content ?? [], options: params.options.map((o) => o.kind) });
      const answer = answers.shift();
      if (answer === "wait") return new Promise((done) => (cancelled = () => done({ outcome: { outcome: "cancelled" } })));
      const option = params.options.find((o) => o.kind === answer);
      return { outcome: option ? { outcome: "selected", optionId: option.optionId } : { outcome: "cancelled" } };
    })
    .onRequest(methods.client.fs.readTextFile, ({ params }) => ({ content: buffers.get(params.path) ?? readFileSync(params.path, "utf8") }))
    .onRequest(methods.client.fs.writeTextFile, ({ params }) => {
      say("write", { path: params.path });
      buffers.delete(params.path);
      writeFileSync(params.path, params.content);
      return {};
    })
    .onRequest(methods.client.terminal.create, ({ params }) => {
      const id = `terminal-${terminals.size + 1}`;
      const child = spawn(params.command, params.args ?? [], { cwd: params.cwd, env: { ...process.env, ...Object.fromEntries((params.env ?? []).map((v) => [v.name, v.value])) }, detached: true });
      const t = { child, output: "", exit: null };
      t.ended = new Promise((done) => child.on("close", (exitCode, signal) => done((t.exit = { exitCode, signal }))));
      child.stdout.on("data", (d) => (t.output += d));
      child.stderr.on("data", (d) => (t.output += d));
      terminals.set(id, t);
      say("terminal", { id });
      return { terminalId: id };
    })
    .onRequest(methods.client.terminal.waitForExit, ({ params }) => terminals.get(params.terminalId).ended)
    .onRequest(methods.client.terminal.output, ({ params }) => {
      const t = terminals.get(params.terminalId);
      return { output: t.output, truncated: false, exitStatus: t.exit };
    })
    .onRequest(methods.client.terminal.kill, ({ params }) => {
      process.kill(-terminals.get(params.terminalId).child.pid, "SIGKILL");
      return {};
    })
    .onRequest(methods.client.terminal.release, ({ params }) => {
      say("released", { id: params.terminalId });
      return {};
    })
    .onRequest(methods.client.elicitation.create, ({ params }) => {
      say("form", { message: params.message, fields: Object.keys(params.requestedSchema.properties) });
      return { action: "accept", content: { answer: "choice:2" } };
    });
}
let cancelled = () => {};

// Both directions, as they are on the wire.
function tapped(child) {
  const note = (from, text) => text.split("\n").filter(Boolean).forEach((l) => appendFileSync(wire, JSON.stringify({ from, message: JSON.parse(l) }) + "\n"));
  let rest = "";
  child.stdout.on("data", (d) => {
    rest += d;
    const end = rest.lastIndexOf("\n") + 1;
    note("agent", rest.slice(0, end));
    rest = rest.slice(end);
  });
  const out = new WritableStream({
    write(piece) {
      note("client", new TextDecoder().decode(piece));
      return new Promise((done, fail) => child.stdin.write(piece, (e) => (e ? fail(e) : done())));
    },
  });
  return acp.ndJsonStream(out, Readable.toWeb(child.stdout));
}

const text = (t) => [{ type: "text", text: t }];
const seen = (kind) => updates.filter((u) => u.sessionUpdate === kind);
const said = () => seen("agent_message_chunk").map((u) => u.content.text).join("");

// connected runs f with an agent of its own, which must end by itself when its input ends.
async function connected(f) {
  const child = spawn(program, ["acp"], { cwd: dir, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((done) => child.on("close", done));
  await client().connectWith(tapped(child), async (agent) => {
    const hello = await agent.request(methods.agent.initialize, {
      protocolVersion: acp.PROTOCOL_VERSION,
      clientInfo: { name: "test", version: "1" },
      clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: true, elicitation: { form: {} }, session: { notices: {} } },
    });
    say("initialized", { version: hello.protocolVersion, agent: hello.agentInfo, capabilities: hello.agentCapabilities });
    await f(agent);
  });
  child.stdin.end();
  say("exit", { code: await ended });
}

let sessionId;
const prompt = async (agent, blocks) => {
  updates = [];
  const end = await agent.request(methods.agent.session.prompt, { sessionId, prompt: blocks });
  return { end, said: said(), calls: seen("tool_call").map((u) => u.kind), plan: seen("plan").at(-1)?.entries?.map((e) => e.status), usage: seen("usage_update").length };
};

await connected(async (agent) => {
  const made = await agent.request(methods.agent.session.new, { cwd: dir, mcpServers: [] });
  sessionId = made.sessionId;
  say("session", { modes: made.modes.availableModes.map((m) => m.id), options: made.configOptions.map((o) => o.id) });

  answers.push("allow_once", "allow_once");
  say("turn", await prompt(agent, [...text("Fix Add in"), { type: "resource_link", uri: pathToFileURL(join(dir, "calc.go")).href, name: "calc.go" }]));
  say("diff", { paths: updates.flatMap((u) => u.content ?? []).filter((c) => c.type === "diff").map((c) => c.path) });
  say("terminals", { shown: updates.flatMap((u) => u.content ?? []).filter((c) => c.type === "terminal").map((c) => c.terminalId) });
  say("commands", { names: seen("available_commands_update").at(-1)?.availableCommands?.map((c) => c.name) });

  say("dirty", await prompt(agent, [...text("What stands here?"), { type: "resource", resource: { uri: "file:///elsewhere/note.txt", text: "embedded" } }]));
  say("asked", await prompt(agent, text("Ask me")));

  answers.push("reject_once");
  say("rejected", await prompt(agent, text("Do it")));

  // A cancel while the question is open.
  answers.push("wait");
  const open = prompt(agent, text("Do it again"));
  while (answers.length) await new Promise((r) => setTimeout(r, 10));
  await agent.notify(methods.agent.session.cancel, { sessionId });
  cancelled();
  say("cancelled", await open);

  // A cancel in the middle of a stream.
  onUpdate = (u) => {
    if (u.sessionUpdate !== "agent_message_chunk") return;
    onUpdate = () => {};
    agent.notify(methods.agent.session.cancel, { sessionId });
  };
  say("cancelled stream", await prompt(agent, text("Talk")));

  // A cancel while a command runs.
  answers.push("allow_once");
  const running = prompt(agent, text("Sleep"));
  while (terminals.size < 2) await new Promise((r) => setTimeout(r, 10));
  await agent.notify(methods.agent.session.cancel, { sessionId });
  say("cancelled command", await running);
  say("command ended", await terminals.get("terminal-2").ended);

  await agent.request(methods.agent.session.setMode, { sessionId, modeId: "plan" });
  const set = await agent.request(methods.agent.session.setConfigOption, { sessionId, configId: "mode", value: "build" });
  say("mode", { current: set.configOptions.find((o) => o.id === "mode").currentValue });

  const listed = await agent.request(methods.agent.session.list, { cwd: dir });
  say("list", { ids: listed.sessions.map((s) => s.sessionId === sessionId) });
  const refused = await agent.request(methods.agent.session.prompt, { sessionId: "none", prompt: text("x") }).catch((e) => ({ code: e.code, message: e.message }));
  say("refused", refused);
});

// Another process: the conversation is loaded, goes on, is forked and resumed.
await connected(async (agent) => {
  updates = [];
  await agent.request(methods.agent.session.load, { sessionId, cwd: dir, mcpServers: [] });
  say("loaded", { prompts: seen("user_message_chunk").length, said: said().includes("Fixed."), calls: seen("tool_call").length, failed: seen("tool_call_update").filter((u) => u.status === "failed").length });
  say("goes on", await prompt(agent, text("And now?")));
  const fork = await agent.request(methods.agent.session.fork, { sessionId, cwd: dir, mcpServers: [] });
  say("fork", { other: fork.sessionId !== sessionId });
  await agent.request(methods.agent.session.close, { sessionId });
  updates = [];
  await agent.request(methods.agent.session.resume, { sessionId, cwd: dir, mcpServers: [] });
  say("resumed", { replayed: seen("user_message_chunk").length });
  await agent.request(methods.agent.session.delete, { sessionId: fork.sessionId });
  const left = await agent.request(methods.agent.session.list, { cwd: dir });
  say("left", { sessions: left.sessions.length });
});
