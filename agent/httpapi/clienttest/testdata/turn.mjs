// A turn that reads a file: the events, and the messages afterwards by both generations of the client.
import { client, course, follow, ok, old, outline, report } from "./lib.mjs"

const events = await follow()
const session = await ok(old.session.create({ body: { title: "A turn" } }))
await ok(old.session.promptAsync({ path: { id: session.id }, body: { parts: [{ type: "text", text: "How many lines?" }] } }))
await events.idle(session.id)

const messages = await ok(old.session.messages({ path: { id: session.id } }))
const last = messages.at(-1)
const parts = new Map()
for (const { type, properties: p } of events.events) {
  if (type === "message.part.delta") parts.set(p.partID, (parts.get(p.partID) ?? "") + p.delta)
}
const written = messages.slice(1).flatMap((m) => m.parts.filter((p) => p.type === "text" || p.type === "reasoning"))
const newest = await client.session.messages({ sessionID: session.id, limit: 1 })
const before = await ok(client.session.messages({ sessionID: session.id, limit: 10, before: newest.response.headers.get("x-next-cursor") }))
const ids = messages.flatMap((m) => [m.info.id, ...m.parts.map((p) => p.id)])
report({
  course: course(events.events, session.id),
  outline: outline(messages),
  streamed: written.every((p) => parts.get(p.id) === p.text),
  parents: messages.filter((m) => m.info.role === "assistant").every((m) => m.info.parentID === messages[0].info.id),
  sorted: [...messages.map((m) => m.info.id)].sort().join() === messages.map((m) => m.info.id).join(),
  prefixes: ids.every((id) => /^(msg|prt)_[0-9a-zA-Z]{26}$/.test(id)) && /^ses_[0-9a-zA-Z]{26}$/.test(session.id),
  paged: [...before, ...newest.data].map((m) => m.info.id).join() === messages.map((m) => m.info.id).join(),
  single: outline([await ok(client.session.message({ sessionID: session.id, messageID: last.info.id }))]),
})
