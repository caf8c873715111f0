// What a client finds after the server was killed in a turn, and that a new prompt goes on.
import { client, follow, ok, old, outline, report, say, args } from "./lib.mjs"

const sessionID = args.session
const listed = (await ok(old.session.list())).some((s) => s.id === sessionID)
const before = await ok(client.session.messages({ sessionID }))
const found = outline(before)
const open = (await ok(client.permission.list())).length
const busy = Object.keys(await ok(client.session.status())).length
const events = await follow()
await say(sessionID, "Go on.")
await events.idle(sessionID)
const messages = await ok(client.session.messages({ sessionID }))
report({ listed, open, busy, found, why: before.at(-1).info.error?.data.message ?? "", then: outline(messages).slice(found.length) })
