// Package acp is the front for editors that speak the Agent Client Protocol, version 1: newline-delimited JSON-RPC over
// stdin and stdout. It maps the protocol's sessions onto agent sessions, a session's events onto session/update, and its
// questions onto session/request_permission.
//
// Every session of the client is an agent of its own, with its own workspace and configuration, as the client names a folder
// and MCP servers for each; whether those run once for several sessions is the program's matter. Files are read and written
// through the client where it offers that (files.go), commands run in its terminals (terminal.go); both happen behind the same
// gate as everywhere. One follower per session sends everything that the client sees of it, so that it arrives in the order of
// the events (follow.go).
//
// The framing is our own. github.com/coder/acp-go-sdk v0.13.0 was looked at: its schema is of May 2026 (no session/delete,
// no notices); it handles requests and notifications on different goroutines, so that a session/cancel can overtake the
// prompt that it is for and is lost; a message of more than 10 MiB, which a prompt with an image is soon, ends the connection;
// a line that is not JSON gets no answer; a mutex is held while it writes. What we need of the protocol is 400 lines of types.
package acp

import "github.com/tliron/commonlog"

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.acp") }
