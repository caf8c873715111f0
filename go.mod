module github.com/opencode-lsp/opencode-lsp

go 1.26.0

require (
	github.com/aymanbagabas/go-udiff v0.4.1
	github.com/bmatcuk/doublestar/v4 v4.10.4
	github.com/google/jsonschema-go v0.4.3
	mvdan.cc/sh/v3 v3.14.1
)
