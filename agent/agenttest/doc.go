// Package agenttest stands in for what an agent needs from outside: [Server] is a scripted, strict, OpenAI-compatible
// model on loopback or in memory, so that the real client code is exercised, and [MemoryStore] keeps transcripts in memory.
// Tests and the offline demo import it; nothing else does.
//
// # Scripts
//
// [Parse] reads the model file of a txtar archive. Paragraphs, separated by blank lines, are steps: each answers one
// request. Within a step
//
//	plain lines               are text, streamed in small pieces
//	call NAME {json}          is a tool call, its arguments verbatim and not necessarily valid JSON; several are parallel
//	!status 429 key=val why   answers with that status; keys: retry-after, retry-after-ms, code, type
//	!drop                     cuts the connection after what the step has streamed so far
//	!hang                     streams what the step has, then waits until the client goes away
//	!slow [20ms]              pauses that long before each piece
//	!for TEXT                 keeps the step for conversations whose first prompt holds TEXT: child sessions run side by side
//	!think TEXT               is the model's reasoning, before its text
//	!raw DATA                 sends DATA as one server-sent event of its own, after text and calls
//	!title TEXT               is not a step: TEXT answers every request that offers no tools
//	!summary TEXT             is not a step: TEXT answers every request for a summary
//	!limit TOKENS             is not a step: longer requests, four bytes a token, are refused as longer than the context
//	\anything                 is text without the backslash, so \call, \! and a lone \ (an empty line) are text
//
// Requests without tools whose system text speaks of a summary are answered "Scripted summary" where the script has no
// !summary, and those that speak of a title "Scripted session" where it has no !title. When the script is used up, the model
// says so in plain text and calls nothing.
package agenttest
