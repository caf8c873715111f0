// Package mcp runs the MCP servers of one workspace and makes tools of what they offer, on mcp-go. It speaks protocol
// version 2025-11-25 and older ones over stdio, streamable HTTP and HTTP with server-sent events.
//
// [Servers] own every server: its process or connection, its restarts, its end. A server is someone else's program: what it
// says is bounded, made visible and quoted, and one that hangs, floods, crashes or lies costs one clear line and none of the
// others anything. Nothing that it claims of itself (annotations, names, descriptions) grants it anything: each call asks.
//
// While a call runs its server may ask the user (elicitation) or their model (sampling): that reaches the session whose
// call it is, see [Asker]. A server that no call of ours runs on is told no.
package mcp
