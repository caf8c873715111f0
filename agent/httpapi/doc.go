// Package httpapi is the HTTP front: OpenCode 1.x's API, as its SDK and `opencode attach` use it, over the sessions of one
// workspace. Verbs come in as requests, what happens goes out as one stream of events (/event, /global/event).
//
// A session's stored events are the only truth. fold.go maps them to OpenCode's messages, parts and wire events; a list of
// messages is what a client has that saw all of those. The table in routes.go is all that is served: the mux and the OpenAPI
// document at /doc are both made from it.
//
// [API] knows nothing of passwords, origins and sizes: the door of a [Server] stands before it and hands on a request with
// its body read, JSON by its type and within bounds. Nothing here runs what the permission gate has not passed.
package httpapi
