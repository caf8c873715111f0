package editors

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// editorNames are the words of each editor that its page may use, by the form they have there: each was run in the editor
// or read in its source or documentation. A bar stands between two.
func editorNames() map[string]map[string]string {
	return map[string]map[string]string{
		"neovim": {
			`\bvim\.[a-z_.]+`: "vim.g.opencode|vim.keymap.set|vim.o.statusline|vim.lsp.enable|vim.lsp.config|vim.lsp.status",
			`<Plug>\([a-z-]+`: "<Plug>(opencode-ask|<Plug>(opencode-fix|<Plug>(opencode-explain|<Plug>(opencode-answer|<Plug>(opencode-cancel|<Plug>(opencode-transcript",
		},
		"helix": {
			`%\{[a-z_]+\}`:         "%{file_path_absolute}|%{selection_line_start}|%{selection_line_end}",
			"[`\"']:([a-z-]+)":     "lsp-workspace-command|sh|pipe-to|workspace-trust|lsp-restart|reload-all|wa",
			`(?m)^\[([a-z.]+)\]`:   "editor.lsp|keys.normal.space.o",
			`(?m)^([a-z-]{2,}) = `: "display-progress-messages",
		},
		"zed": {
			`\$(ZED_[A-Z_]+)`:      "ZED_FILE|ZED_ROW|ZED_SELECTED_TEXT|ZED_WORKTREE_ROOT",
			`"([a-z_]+)": ?["{\[]`: "languages|language_servers|lsp|opencode|settings|model|edits|save|label|command|args|cwd|hide|reveal|shell|program|context|bindings|task_name|agent_servers|type|env",
			"`([a-z]+: [a-z ]+)`":  "zed: install dev extension|zed: open settings file|agent: new thread|dev: open acp logs",
		},
		"emacs": {
			`\b((?:with-lsp|lsp|eglot|make-lsp)-[a-z-]+)`: "lsp-mode|lsp-register-client|make-lsp-client|lsp-stdio-connection|lsp-find-workspace|lsp-request-async|with-lsp-workspace|lsp-execute-code-action|" +
				"eglot-server-programs|eglot-current-server|eglot-code-actions|eglot-confirm-server-edits|lsp--buffer-uri",
			` (:[a-z?-]+) `: ":new-connection|:activation-fn|:add-on?|:multi-root|:server-id|:text|:uri|:command|:arguments|:mode",
		},
		"kakoune": {
			`\b(lsp-[a-z-]+)`: "lsp-show-message-request-next|lsp-execute-command|lsp-code-actions",
			`\b(kak_[a-z_]+)`: "kak_buffile|kak_cursor_line",
			`(?m)^ *(hook|set-option|define-command|declare-user-mode|map|nop) `: "hook|set-option|define-command|declare-user-mode|map|nop",
			`\b(lsp_[a-z]+|root_globs)`: "lsp_servers|root_globs",
		},
		"sublime": {
			`"([a-z_A-Z]+)":`:        "clients|opencode|enabled|command|selector|initializationOptions|edits|save|caption|args|session_name|command_name|command_args|text|uri",
			`"command": "([a-z_]+)"`: "lsp_execute",
			`\$\{([a-z_]+)\}`:        "file_uri",
		},
		"kate": {
			`%\{([A-Za-z:]+)\}`: "Document:Cursor:Line|Document:FilePath|Document:Path",
			`"([a-zA-Z]+)":`:    "servers|markdown|command|rootIndicationFileNames|highlightingModeRegex|initializationOptions|edits|unopened|save",
		},
	}
}

// Every name of an editor on its page is one that the editor has.
func TestEditorNames(t *testing.T) {
	for name, forms := range editorNames() {
		page, err := Text(name)
		if err != nil {
			t.Fatal(err)
		}
		for form, known := range forms {
			expr := regexp.MustCompile(form)
			found := expr.FindAllStringSubmatch(page, -1)
			if len(found) == 0 {
				t.Errorf("%s: nothing has the form %s", name, form)
			}
			for _, match := range found {
				word := strings.TrimRight(match[len(match)-1], ".")
				if !slices.Contains(strings.Split(known, "|"), word) {
					t.Errorf("%s: %q is not known to be a name of that editor", name, word)
				}
			}
		}
	}
}
