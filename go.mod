module github.com/opencode-lsp/opencode-lsp

go 1.26

require github.com/aymanbagabas/go-udiff v0.4.1 // indirect
