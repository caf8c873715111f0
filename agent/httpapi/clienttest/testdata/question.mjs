// The model asks the user: one answer, one refusal.
import { client, follow, ok, outline, refused, report, say } from "./lib.mjs"

const events = await follow()
const session = await ok(client.session.create({ title: "Question" }))
await say(session.id, "Ask me.")
const asked = await events.next("question.asked", (p) => p.sessionID === session.id)
const listed = (await ok(client.question.list())).find((q) => q.id === asked.id)
await ok(client.question.reply({ requestID: asked.id, answers: [["Blue"]] }))
const replied = await events.next("question.replied", (p) => p.requestID === asked.id)
const late = await refused(client.question.reply({ requestID: asked.id, answers: [["Red"]] }))
await events.idle(session.id)
await say(session.id, "Ask me again.")
const second = await events.next("question.asked", (p) => p.sessionID === session.id)
await ok(client.question.reject({ requestID: second.id }))
await events.next("question.rejected", (p) => p.requestID === second.id)
await events.idle(session.id)
const messages = await ok(client.session.messages({ sessionID: session.id }))
report({
  listed: JSON.stringify(listed) === JSON.stringify(asked),
  prefix: /^que_/.test(asked.id),
  question: asked.questions[0].question,
  options: asked.questions[0].options.map((o) => o.label),
  replied: replied.answers,
  late,
  told: messages.flatMap((m) => m.parts).find((p) => p.tool === "question").state.output.includes("Blue"),
  outline: outline(messages),
})
