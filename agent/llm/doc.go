// Package llm is agent.Model on openai-go: one reply of a language model, streamed over the Chat Completions API of any
// provider that speaks it. It owns what lies between a conversation and the wire: the table of known providers, a request
// whose bytes only grow, the oddities of servers that are only nearly compatible, time limits, and errors that tell the
// user what to do and never hold a key.
//
// openai-go carries the request (origin checks, headers, authorization). Its typed request and chunk structs and its reader
// of events are not used: a request is assembled from bytes that were marshalled when a message was new, and a chunk is read
// with a small struct out of a buffer that is used again, because both happen for every step and every token.
package llm
