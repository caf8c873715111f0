// A command rejected ends the turn; rejected with a message the model reads it and goes on.
import { client, follow, ok, outline, report, say } from "./lib.mjs"

const events = await follow()
const session = await ok(client.session.create({ title: "Reject" }))
async function turn(text, message) {
  await say(session.id, text)
  const { id } = await events.asked(session.id)
  await ok(client.permission.reply({ requestID: id, reply: "reject", message }))
  await events.idle(session.id)
  const messages = await ok(client.session.messages({ sessionID: session.id }))
  return outline(messages.slice(messages.findLastIndex((m) => m.info.role === "user")))
}
report({
  plain: await turn("Remove it."),
  told: await turn("Remove it, I say.", "Leave it where it is."),
  left: (await ok(client.permission.list())).length,
})
