module github.com/opencode-lsp/opencode-lsp

go 1.26

require (
	github.com/aymanbagabas/go-udiff v0.4.1 // indirect
	github.com/sourcegraph/jsonrpc2 v0.2.3 // indirect
	github.com/tliron/glsp v0.2.2 // indirect
	golang.org/x/tools v0.14.0 // indirect
	rsc.io/script v0.0.2 // indirect
)
