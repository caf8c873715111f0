// What the journeys share: the two generations of clients in the real SDK, one event stream, and the report on stdout that
// the Go test reads. The server's address, the password and the project's folder come from the environment.
import { pathToFileURL } from "node:url"

const env = process.env
const load = (file) => import(pathToFileURL(`${env.SDK}/dist/${file}`).href)
const v1 = await load("index.js")
const v2 = await load("v2/index.js")

export const directory = env.DIRECTORY
export const args = JSON.parse(env.ARGS || "{}")

const config = {
  baseUrl: env.URL,
  directory,
  headers: { authorization: "Basic " + Buffer.from(`opencode:${env.PASSWORD}`).toString("base64") },
}
export const old = v1.createOpencodeClient(config)
export const through = (baseUrl) => v1.createOpencodeClient({ ...config, baseUrl })
export const client = v2.createOpencodeClient(config)

// ok is the data of an answer; anything else ends the journey.
export async function ok(call) {
  const { data, error, response } = await call
  if (error !== undefined || !response.ok) throw new Error(`${response?.url}: ${response?.status} ${JSON.stringify(error)}`)
  return data
}

// refused is the status and the body of an answer that is an error.
export async function refused(call) {
  const { error, response } = await call
  return { status: response.status, name: error?.name ?? error?._tag ?? "", message: error?.data?.message ?? error?.message ?? "" }
}

export function report(value) {
  process.stdout.write(JSON.stringify(value), () => process.exit(0))
}

// follow opens an event stream; it is open when the server has said so.
export async function follow(options = {}, by = old) {
  const events = []
  const waiting = new Set()
  const stop = new AbortController()
  const { stream } = await by.event.subscribe({ signal: stop.signal, sseDefaultRetryDelay: 50, sseMaxRetryDelay: 50, ...options })
  ;(async () => {
    for await (const event of stream) {
      events.push(event)
      for (const look of [...waiting]) look()
    }
  })().catch((error) => events.push({ type: "stream.failed", properties: { message: String(error) } }))
  let taken = 0
  const followed = {
    events,
    stop: () => stop.abort(),
    // next waits for the next event after the one that was waited for last.
    next(type, match = () => true) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${type} after ${JSON.stringify(events.slice(-3))}`)), 20_000)
        const look = () => {
          const at = events.findIndex((e, i) => i >= taken && e.type === type && match(e.properties))
          if (at < 0) return
          clearTimeout(timer)
          waiting.delete(look)
          taken = at + 1
          resolve(events[at].properties)
        }
        waiting.add(look)
        look()
      })
    },
    idle: (sessionID) => followed.next("session.idle", (p) => p.sessionID === sessionID),
    asked: (sessionID) => followed.next("permission.asked", (p) => p.sessionID === sessionID),
  }
  await followed.next("server.connected")
  return followed
}

export const say = (sessionID, text) => ok(client.session.promptAsync({ sessionID, parts: [{ type: "text", text }] }))

// part is one line for a part of a message.
function part(p) {
  switch (p.type) {
    case "text":
    case "reasoning":
      return `${p.type}: ${p.text}`
    case "tool":
      return `${p.tool} ${p.state.status}`
    default:
      return p.type
  }
}

// outline is a list of messages, one line for a message's head and for each part. Whether one that failed has a finish as
// well depends on when it failed.
export const outline = (messages) =>
  messages.flatMap(({ info, parts }) => [
    [info.role, info.error?.name ?? info.finish, info.role === "assistant" && !info.time.completed && "unfinished"].filter(Boolean).join(" "),
    ...parts.filter((p) => !(info.error && p.type === "step-finish")).map((p) => "  " + part(p)),
  ])

// course is the order of a session's events, one line each; lines that repeat stand once.
export function course(events, sessionID) {
  const lines = events.filter((e) => sessionID === (e.properties.sessionID ?? e.properties.info?.sessionID)).map(({ type, properties: p }) => {
    switch (type) {
      case "message.updated":
        return `${type} ${p.info.role}${p.info.time.completed ? " completed" : ""}`
      case "message.part.updated":
        return `${type} ${p.part.type}${p.part.state ? " " + p.part.state.status : ""}`
      case "session.status":
        return `${type} ${p.status.type}`
      default:
        return type
    }
  })
  return lines.filter((line, i) => line !== lines[i - 1])
}
