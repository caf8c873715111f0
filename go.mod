module github.com/opencode-lsp/opencode-lsp

go 1.26
