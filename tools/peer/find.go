package peer

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// ErrNotFound says that the command names no program.
var ErrNotFound = errors.New("there is no such program")

// find finds a program by the PATH that it will have itself; a name with a separator is a path in its folder.
func find(p Program) (string, error) {
	name := p.Command[0]
	if strings.ContainsRune(name, filepath.Separator) || strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Dir, name)
		}
		path, err := exec.LookPath(name)
		return path, p.missing(name, err)
	}
	for _, folder := range filepath.SplitList(variable(p.Environ, "PATH")) {
		if !filepath.IsAbs(folder) {
			continue // a relative one would find programs of the repository
		}
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path, nil
		}
	}
	return "", p.missing(name, exec.ErrNotFound)
}

// missing says what is wrong with the command; nil for nil.
func (p Program) missing(name string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; install it or mend %s", ErrNotFound, p.Setting)
	}
	return fmt.Errorf("its command %s cannot be run: %w", permission.Visible(name), err)
}

// variable is a variable's value; the last one counts, as it does for a process.
func variable(environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		key, value, _ := strings.Cut(kv, "=")
		if key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
