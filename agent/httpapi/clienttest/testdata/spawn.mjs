// The SDK starts the server itself, as `opencode` in the PATH, and waits for the line that names its address.
import { args, report } from "./lib.mjs"
import { pathToFileURL } from "node:url"

const { createOpencodeServer } = await import(pathToFileURL(`${process.env.SDK}/dist/v2/index.js`).href)
const server = await createOpencodeServer({ port: 0, timeout: 20_000, config: args.config })
const health = await fetch(server.url + "/global/health")
const authorization = "Basic " + Buffer.from(`opencode:${process.env.OPENCODE_SERVER_PASSWORD}`).toString("base64")
const known = await (await fetch(server.url + "/config", { headers: { authorization } })).json()
server.close()
report({ address: /^http:\/\/127\.0\.0\.1:\d+$/.test(server.url), stranger: health.status, model: known.model })
