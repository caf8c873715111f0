package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkLoad reads a user's and a repository's files of ordinary size.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	text := `{"model": "a/b", "permission": {"bash": {`
	for i := range 50 {
		text += fmt.Sprintf(`"cmd%d *": "allow",`, i)
	}
	text += `}}, "mcp": {"x": {"type": "local", "command": ["x"]}}}`
	for _, name := range []string{"user/opencode.json", "repo/opencode.json", "repo/.git"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	from := Sources{Roots: []string{filepath.Join(dir, "repo")}, UserDir: filepath.Join(dir, "user")}
	for b.Loop() {
		if c, warnings := Load(b.Context(), from); len(warnings) > 0 || c.Model != "a/b" {
			b.Fatal(warnings)
		}
	}
}
