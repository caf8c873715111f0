// A turn aborted in the middle of a stream, another at a question; the next prompt goes on.
import { client, course, follow, ok, outline, report, say } from "./lib.mjs"

const events = await follow()
const session = await ok(client.session.create({ title: "Abort" }))
const sessionID = session.id
await say(sessionID, "Think about it.")
await events.next("message.part.delta", (p) => p.sessionID === sessionID)
const busy = (await ok(client.session.status()))[sessionID]?.type
const aborted = await ok(client.session.abort({ sessionID }))
const failed = await events.next("session.error", (p) => p.sessionID === sessionID)
await events.idle(sessionID)
await settled()

await say(sessionID, "List them.")
await events.asked(sessionID)
await ok(client.session.abort({ sessionID }))
await events.next("message.part.updated", (p) => p.sessionID === sessionID && p.part.state?.status === "error")
await settled()

await say(sessionID, "Go on.")
await events.next("message.updated", (p) => p.info.sessionID === sessionID && p.info.finish === "stop")
await settled()
report({
  busy,
  aborted,
  idle: (await ok(client.session.status()))[sessionID]?.type ?? "",
  error: failed.error.name,
  again: await ok(client.session.abort({ sessionID })),
  outline: outline(await ok(client.session.messages({ sessionID }))),
  course: course(events.events, sessionID),
})

// settled waits until the server calls the session idle: OpenCode tells of it more than once.
async function settled() {
  while ((await ok(client.session.status()))[sessionID]) await new Promise((resolve) => setTimeout(resolve, 20))
}
