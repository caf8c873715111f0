// The same command in two turns: always in the first, so that the second is not asked.
import { client, follow, ok, outline, report, say } from "./lib.mjs"

const events = await follow()
const session = await ok(client.session.create({ title: "Always" }))
await say(session.id, "Run it always.")
const { id } = await events.asked(session.id)
await ok(client.permission.reply({ requestID: id, reply: "always" }))
const replied = await events.next("permission.replied", (p) => p.requestID === id)
await events.idle(session.id)
await say(session.id, "Once more.")
await events.idle(session.id)
report({
  replied: replied.reply,
  asked: events.events.filter((e) => e.type === "permission.asked" && e.properties.sessionID === session.id).length,
  outline: outline(await ok(client.session.messages({ sessionID: session.id }))),
})
