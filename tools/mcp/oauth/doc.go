// Package oauth signs in to remote MCP servers as the MCP specification of 2025-11-25 says: protected resource metadata
// (RFC 9728), authorization server metadata (RFC 8414, OpenID Connect Discovery), dynamic registration (RFC 7591) or client
// metadata documents, authorization code with PKCE S256, resource indicators (RFC 8707), refresh, and scope challenges.
//
// [Flow] is the one thing here that opens a listener, on 127.0.0.1 while the user signs in. [Store] keeps what that gave,
// readable by the user only; [Source] gives the tokens for requests. What a server says of where to sign in is believed
// within bounds: https or this machine, metadata from the server's own origin, a resource that is the server.
package oauth
