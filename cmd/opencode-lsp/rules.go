package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// maxRules bounds the instructions of one file.
const maxRules = 64 << 10

// rules are the instructions of the user and the workspace for an agent with these permissions, in OpenCode's order: the
// user's own, the repository's, and what `instructions` names.
func (e *engine) rules(ctx context.Context, p permission.Policy) []agent.Rules {
	r := ruleReader{engine: e, policy: p, seen: map[string]bool{}}
	r.readFirst(ctx, e.userRules())
	if !e.flag("OPENCODE_DISABLE_PROJECT_CONFIG") {
		for _, root := range e.ws.Roots() {
			r.repository(ctx, root)
		}
	}
	var addresses []config.Instruction
	for _, in := range e.now().Instructions {
		if strings.Contains(in.At, "://") {
			addresses = append(addresses, in)
		} else if matches, err := doublestar.FilepathGlob(in.At, doublestar.WithFilesOnly(), doublestar.WithNoFollow()); err == nil {
			for _, path := range matches {
				r.read(ctx, path, "")
			}
		}
	}
	return append(r.rules, e.fetchRules(ctx, addresses)...)
}

// flag reports whether one of OpenCode's switches is on.
func (e *engine) flag(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		value := strings.ToLower(e.program.getenv(name))
		return value == "1" || value == "true"
	})
}

// userRules are the files of which the first that exists holds the user's own instructions.
func (e *engine) userRules() []string {
	files := []string{filepath.Join(e.program.dirs.config, "AGENTS.md")}
	if e.program.dirs.home != "" && !e.withoutClaude() {
		files = append(files, filepath.Join(e.program.dirs.home, ".claude", "CLAUDE.md"))
	}
	return files
}

func (e *engine) withoutClaude() bool {
	return e.flag("OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT")
}

// ruleFiles are the names of a repository's instructions, the one that counts first.
func (e *engine) ruleFiles() []string {
	if e.withoutClaude() {
		return []string{"AGENTS.md", "CONTEXT.md"}
	}
	return []string{"AGENTS.md", "CLAUDE.md", "CONTEXT.md"}
}

// ruleReader collects instructions, each file once. One in the workspace is the repository's, and read only where its links
// lead to nothing that would be asked about: a repository must not send .env or a file of the user's to the model this way.
type ruleReader struct {
	*engine
	policy permission.Policy
	seen   map[string]bool
	rules  []agent.Rules
}

func (r *ruleReader) readFirst(ctx context.Context, files []string) {
	for _, path := range files {
		if exists(path) {
			r.read(ctx, path, "")
			return
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// repository reads all files of the first kind that there is between the folder with .git and the root.
func (r *ruleReader) repository(ctx context.Context, root string) {
	folders := config.Folders(root, r.program.dirs.home)
	for _, name := range r.ruleFiles() {
		found := false
		for _, dir := range folders {
			if path := filepath.Join(dir, name); exists(path) {
				r.read(ctx, path, folders[0])
				found = true
			}
		}
		if found {
			return
		}
	}
}

// read takes a file in. top is the folder of the repository that it belongs to; "" where it is one of the user's, unless
// it lies in the workspace.
func (r *ruleReader) read(ctx context.Context, path, top string) {
	real, err := r.ws.Resolve(path)
	repository := top != "" || r.inWorkspace(path) || err == nil && real.Inside()
	if err != nil || repository && !r.mayTell(real.Abs, top) {
		logger().Warningf("the instructions %s are left out: they lead to a file that may not be read unasked", path)
		return
	}
	f, err := r.ws.Read(ctx, path)
	if err != nil || !f.Exists || r.seen[f.Path] || f.Text == "" {
		return
	}
	r.seen[f.Path] = true
	r.rules = append(r.rules, agent.Rules{Path: path, Text: f.Text[:min(len(f.Text), maxRules)], Repository: repository})
}

// mayTell is mayRead for a workspace that reaches up to top.
func (r *ruleReader) mayTell(abs, top string) bool {
	place := r.place()
	place.Resolve = nil // it is resolved
	if top != "" {
		place.Roots = append(slices.Clip(place.Roots), top)
	}
	strictest, _ := r.policy.JudgeAll(permission.FileItems("read", abs, place))
	return strictest.Action == permission.Allow
}

// inWorkspace reports whether the name, its links not followed, lies in a root.
func (e *engine) inWorkspace(path string) bool {
	place := e.place()
	place.Resolve = nil
	return place.Inside(path)
}
