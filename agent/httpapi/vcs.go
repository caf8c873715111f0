package httpapi

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tliron/commonlog"
)

// VCS is where the repository stands.
type VCS struct {
	Branch        string `json:"branch,omitempty"`
	DefaultBranch string `json:"default_branch,omitempty"`
}

// vcs reads git's own files: git itself would run what the repository's configuration says.
func (a *API) vcs(*call, none) (VCS, error) {
	dir := filepath.Join(a.directory, ".git")
	v := VCS{Branch: branch(filepath.Join(dir, "HEAD"), "ref: refs/heads/")}
	v.DefaultBranch = branch(filepath.Join(dir, "refs", "remotes", "origin", "HEAD"), "ref: refs/remotes/origin/")
	if v.DefaultBranch == "" {
		for _, name := range []string{"main", "master"} {
			if _, err := os.Lstat(filepath.Join(dir, "refs", "heads", name)); err == nil {
				v.DefaultBranch = name
				break
			}
		}
	}
	return v, nil
}

// branch is the name behind a prefix in a small file, "" for none.
func branch(path, prefix string) string {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() > 4096 {
		return ""
	}
	data, err := os.ReadFile(path)
	name, ok := strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if err != nil || !ok {
		return ""
	}
	return name
}

type logBody struct {
	Service string `json:"service"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

// log takes a line of a client into the program's log, as a client's.
func (a *API) log(_ *call, in logBody) (bool, error) {
	level, line := in.line()
	logger().Log(level, 1, line)
	return true, nil
}

// line is one line, whatever the client sends. The log leaves out what is less than a notice unless it is told to hold more.
func (in logBody) line() (commonlog.Level, string) {
	level := commonlog.Info
	switch in.Level {
	case "error":
		level = commonlog.Error
	case "warn":
		level = commonlog.Warning
	case "debug":
		level = commonlog.Debug
	}
	return level, fmt.Sprintf("client %q: %q", shown(in.Service), sentence(in.Message))
}

// nothing answers what has nothing to list here.
func (a *API) nothing(*call, none) (map[string]any, error) { return map[string]any{}, nil }

// dispose has nothing to do: configuration is read anew by itself.
func (a *API) dispose(*call, none) (bool, error) { return true, nil }
