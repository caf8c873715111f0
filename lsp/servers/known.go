package servers

import (
	"path/filepath"
	"strings"
)

// KnownServer is a server that needs no command in the settings.
type KnownServer struct {
	Config
	// Own says that it runs code of the project, fetches what the project names, or builds it.
	Own bool
}

// Known are OpenCode's servers, as far as one command starts them, sorted by name. None is ever downloaded.
func Known() []KnownServer {
	known := []struct {
		name, extensions, command string
		own                       bool
	}{
		{"bash", ".sh .bash .zsh .ksh", "bash-language-server start", false},
		{"clangd", ".c .cc .cpp .cxx .c++ .h .hh .hpp .hxx .h++", "clangd --background-index=false", false},
		{"clojure-lsp", ".clj .cljs .cljc .edn", "clojure-lsp listen", true},
		{"dart", ".dart", "dart language-server --lsp", true},
		{"dockerfile", ".dockerfile Dockerfile", "docker-langserver --stdio", false},
		{"gleam", ".gleam", "gleam lsp", true},
		{"gopls", ".go", "gopls", false},
		{"haskell-language-server", ".hs .lhs", "haskell-language-server-wrapper --lsp", true},
		{"lua-ls", ".lua", "lua-language-server", true},
		{"nixd", ".nix", "nixd", true},
		{"ocaml-lsp", ".ml .mli", "ocamllsp", true},
		{"php intelephense", ".php", "intelephense --stdio", false},
		{"pyright", ".py .pyi", "pyright-langserver --stdio", true},
		{"ruby-lsp", ".rb .rake .gemspec .ru", "ruby-lsp", true},
		{"rust", ".rs", "rust-analyzer", true},
		{"sourcekit-lsp", ".swift", "sourcekit-lsp", true},
		{"svelte", ".svelte", "svelteserver --stdio", true},
		{"terraform", ".tf .tfvars", "terraform-ls serve", true},
		{"texlab", ".tex .bib", "texlab", false},
		{"tinymist", ".typ .typc", "tinymist", false},
		{"typescript", ".ts .tsx .js .jsx .mjs .cjs .mts .cts", "typescript-language-server --stdio", true},
		{"vue", ".vue", "vue-language-server --stdio", true},
		{"yaml-ls", ".yaml .yml", "yaml-language-server --stdio", true},
		{"zls", ".zig .zon", "zls", true},
	}
	var all []KnownServer
	for _, k := range known {
		all = append(all, KnownServer{Config{Name: k.name, Command: strings.Fields(k.command), Extensions: strings.Fields(k.extensions)}, k.own})
	}
	return all
}

// languageOf is a file's languageId (LSP 3.17, TextDocumentItem); of endings without a name of their own it is the ending.
func languageOf(path string) string {
	base := filepath.Base(path)
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(base)), ".")
	switch ext {
	case "":
		return strings.ToLower(base) // dockerfile, makefile
	case "bash", "sh", "zsh", "ksh":
		return "shellscript"
	case "cc", "cxx", "c++", "hh", "hpp", "hxx", "h++":
		return "cpp"
	case "h":
		return "c"
	case "clj", "cljs", "cljc", "edn":
		return "clojure"
	case "cs":
		return "csharp"
	case "hs", "lhs":
		return "haskell"
	case "js", "mjs", "cjs":
		return "javascript"
	case "jsx":
		return "javascriptreact"
	case "ml", "mli":
		return "ocaml"
	case "py", "pyi":
		return "python"
	case "rake", "gemspec", "ru", "rb":
		return "ruby"
	case "rs":
		return "rust"
	case "tex":
		return "latex"
	case "tf", "tfvars":
		return "terraform"
	case "ts", "mts", "cts":
		return "typescript"
	case "tsx":
		return "typescriptreact"
	case "typ", "typc":
		return "typst"
	case "yml":
		return "yaml"
	case "zon":
		return "zig"
	}
	return ext
}
