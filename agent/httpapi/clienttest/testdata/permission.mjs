// Two shell commands in one turn: the first is allowed once by the new route, the second by the old one. Late answers fail.
import { client, follow, ok, old, outline, refused, report, say } from "./lib.mjs"

const events = await follow()
const session = await ok(client.session.create({ title: "Once" }))
await say(session.id, "Run twice.")
const first = await events.asked(session.id)
const listed = (await ok(client.permission.list())).find((p) => p.id === first.id)
const wrong = await refused(client.permission.reply({ requestID: first.id, reply: "perhaps" }))
await ok(client.permission.reply({ requestID: first.id, reply: "once" }))
const replied = await events.next("permission.replied", (p) => p.requestID === first.id)
const second = await events.asked(session.id)
const late = await refused(client.permission.reply({ requestID: first.id, reply: "reject" }))
await ok(old.postSessionIdPermissionsPermissionId({ path: { id: session.id, permissionID: second.id }, body: { response: "once" } }))
await events.idle(session.id)

const messages = await ok(client.session.messages({ sessionID: session.id }))
const tools = messages.flatMap((m) => m.parts.filter((p) => p.type === "tool"))
report({
  listed: JSON.stringify(listed) === JSON.stringify(first),
  permission: first.permission,
  command: first.metadata.command,
  patterns: first.patterns,
  always: first.always.length,
  call: tools.some((p) => p.callID === first.tool.callID && p.messageID === first.tool.messageID),
  prefix: /^per_/.test(first.id),
  wrong: wrong.status,
  replied: replied.reply,
  late,
  again: second.metadata.command,
  outputs: tools.map((p) => p.state.output.trim().split("\n").at(-1)),
  outline: outline(messages),
  left: (await ok(client.permission.list())).length,
})
