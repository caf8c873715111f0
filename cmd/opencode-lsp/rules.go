package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxRules bounds the instructions of one file.
const maxRules = 64 << 10

// rules are the instructions of the user and the workspace: the first kind of AGENTS.md, CLAUDE.md and CONTEXT.md that a
// root has, and the files that `instructions` names (OpenCode's order).
func (e *engine) rules(p permission.Policy) []agent.Rules {
	files := []string{filepath.Join(e.program.dirs.config, "AGENTS.md")}
	for _, root := range e.ws.Roots() {
		for _, name := range []string{"AGENTS.md", "CLAUDE.md", "CONTEXT.md"} {
			path := filepath.Join(root, name)
			if _, err := os.Stat(path); err == nil {
				files = append(files, path)
				break
			}
		}
	}
	for _, pattern := range e.now().Instructions {
		if strings.Contains(pattern, "://") {
			continue // addresses come with the web tools
		}
		if matches, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly(), doublestar.WithNoFollow()); err == nil {
			files = append(files, matches...)
		}
	}
	return e.readRules(p, files)
}

// readRules reads the files. One in the workspace is the repository's, and read only where its links lead to nothing that
// would be asked about: a repository must not send .env or a file of the user's to the model this way.
func (e *engine) readRules(p permission.Policy, files []string) []agent.Rules {
	var rules []agent.Rules
	seen := map[string]bool{}
	for _, path := range files {
		real, err := e.ws.Resolve(path)
		repository := e.inWorkspace(path) || err == nil && real.Inside()
		if err != nil || repository && !e.mayRead(p, real.Abs) {
			logger().Warningf("the instructions %s are left out: they lead to a file that may not be read unasked", path)
			continue
		}
		f, err := e.ws.Read(path)
		if err != nil || !f.Exists || seen[f.Path] || f.Text == "" {
			continue
		}
		seen[f.Path] = true
		rules = append(rules, agent.Rules{Path: path, Text: f.Text[:min(len(f.Text), maxRules)], Repository: repository})
	}
	return rules
}

// inWorkspace reports whether the name, its links not followed, lies in a root.
func (e *engine) inWorkspace(path string) bool {
	place := e.place()
	place.Resolve = nil
	return place.Inside(path)
}
