// An edit, what it changed, and its way back and forth.
import { readFileSync } from "node:fs"
import { client, directory, follow, ok, report, say } from "./lib.mjs"

const disk = () => readFileSync(`${directory}/calc.go`, "utf8")
const events = await follow()
const session = await ok(client.session.create({ title: "Change" }))
const original = disk()
await say(session.id, "Mend Add.")
const asked = await events.asked(session.id)
const untouched = disk() === original
await ok(client.permission.reply({ requestID: asked.id, reply: "once" }))
await events.idle(session.id)
const changed = disk()

const messages = await ok(client.session.messages({ sessionID: session.id }))
const user = messages.find((m) => m.info.role === "user").info.id
const edit = messages.flatMap((m) => m.parts).find((p) => p.type === "tool" && p.tool === "edit")
let diff = []
for (let tries = 0; diff.length === 0 && tries < 200; tries++) {
  await new Promise((resolve) => setTimeout(resolve, tries && 50)) // OpenCode works it out after the turn
  diff = await ok(client.session.diff({ sessionID: session.id, messageID: user }))
}

const reverted = await ok(client.session.revert({ sessionID: session.id, messageID: user }))
const back = disk() === original
const shown = await ok(client.session.get({ sessionID: session.id }))
const unreverted = await ok(client.session.unrevert({ sessionID: session.id }))
const forth = disk() === changed
await ok(client.session.revert({ sessionID: session.id, messageID: user }))
await say(session.id, "Say something else.")
await events.idle(session.id)
const after = await ok(client.session.messages({ sessionID: session.id }))
report({
  permission: asked.permission,
  patterns: asked.patterns,
  file: asked.metadata.filepath === `${directory}/calc.go`,
  shown: /^-.*a - b/m.test(asked.metadata.diff) && /^\+.*a \+ b/m.test(asked.metadata.diff),
  untouched,
  changed: changed === original.replace("a - b", "a + b"),
  result: /^\+.*a \+ b/m.test(edit.state.metadata.diff),
  diff: diff.map((d) => `${d.file} ${d.status} +${d.additions} -${d.deletions} ${/^\+.*a \+ b/m.test(d.patch)}`),
  reverted: reverted.revert?.messageID === user && shown.revert?.messageID === user,
  back,
  unreverted: unreverted.revert === undefined,
  forth,
  gone: !after.some((m) => m.info.id === user),
  messages: after.length,
})
