// Package clienttest holds tests of server mode with the clients that people already have: the real @opencode-ai/sdk in
// Node, the real `opencode attach` in a terminal, and OpenCode's own server to compare with. They run with
//
//	go test -tags realclients ./agent/httpapi/clienttest
//
// or `make serve-test`, which installs the clients first. With OPENCODE_CLIENTS_SERVER=opencode the same journeys run
// against OpenCode's server: what fails there is no test of compatibility. Journeys that are only ours say why.
package clienttest
