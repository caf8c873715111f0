// Two followers of one turn: one whose connection is cut again and again, and one that is left alone. What is stored has
// the same id for both.
import { client, follow, ok, report, say, args, through } from "./lib.mjs"

const whole = await follow()
const cut = await follow({}, through(args.proxy))
const session = await ok(client.session.create({ title: "Cut" }))
await say(session.id, "Take your time.")
const { id } = await whole.asked(session.id)
await ok(client.permission.reply({ requestID: id, reply: "once" }))
await whole.idle(session.id)
await cut.idle(session.id)

const stored = (events) => events.filter((e) => e.properties.sessionID === session.id && !e.id.includes("live")).map((e) => e.id)
const all = stored(whole.events)
const got = [...new Set(stored(cut.events))]
const upTo = all.indexOf(got.at(-1)) + 1
report({
  connections: cut.events.filter((e) => e.type === "server.connected").length,
  stored: all.length,
  missed: all.slice(0, upTo).filter((e) => !got.includes(e)),
  order: got.join() === all.slice(0, upTo).join(),
  answered: cut.events.some((e) => e.type === "permission.replied"),
})
