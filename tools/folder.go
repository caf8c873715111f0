package tools

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds on what a folder shows and on how many names are suggested for one that does not exist.
const (
	maxEntries     = 1000
	maxSuggestions = 3
)

func isFolder(abs string) bool {
	info, err := os.Stat(abs)
	return err == nil && info.IsDir()
}

// showFolder lists the names in one folder, folders marked by a slash.
func (k *kit) showFolder(t target) (Result, error) {
	entries, err := os.ReadDir(t.Abs)
	if err != nil {
		return Result{}, fmt.Errorf("read folder %s: %w", t.name, err)
	}
	var b strings.Builder
	for i, e := range entries {
		if i == maxEntries {
			fmt.Fprintf(&b, "\n(%d more; use glob)", len(entries)-i)
			break
		}
		b.WriteString(e.Name())
		if e.IsDir() {
			b.WriteByte('/')
		}
		b.WriteByte('\n')
	}
	if len(entries) == 0 {
		b.WriteString("(the folder is empty)")
	}
	text, full := k.Cut(b.String())
	return Result{Text: text, Full: full, Title: t.name + "/"}, nil
}

// missing tells that a file does not exist and which names are near.
func (k *kit) missing(ctx context.Context, t target) error {
	near := k.near(ctx, t)
	if len(near) == 0 {
		return fmt.Errorf("%s does not exist; use glob or list to find the file", t.name)
	}
	return fmt.Errorf("%s does not exist; did you mean %s?", t.name, strings.Join(near, " or "))
}

// near finds files of a similar name in the same folder, and of the same name elsewhere in the workspace.
func (k *kit) near(ctx context.Context, t target) []string {
	dir, base := filepath.Split(t.Abs)
	var near []string
	entries, _ := os.ReadDir(dir) // no such folder: nothing near in it
	for _, e := range entries {
		if similar(e.Name(), base) {
			near = append(near, k.nameOf(filepath.Join(dir, e.Name())))
		}
	}
	if t.Inside() {
		same, _, err := k.Workspace.Glob(ctx, t.Root, "**/"+globQuote(base), maxSuggestions)
		for _, path := range same {
			if err == nil {
				near = append(near, k.nameOf(path))
			}
		}
	}
	slices.Sort(near)
	near = slices.Compact(near)
	return near[:min(len(near), maxSuggestions)]
}

// similar reports whether a name is a likely slip for another: in the case of letters, in two characters, or in the
// extension.
func similar(have, want string) bool {
	have, want = strings.ToLower(have), strings.ToLower(want)
	if len(have) > 255 || len(want) > 255 {
		return false
	}
	stem := strings.TrimSuffix(want, filepath.Ext(want))
	return levenshtein(have, want) <= min(2, len(want)/3) || stem != "" && strings.TrimSuffix(have, filepath.Ext(have)) == stem
}

// globQuote makes a name a pattern that matches itself.
func globQuote(name string) string {
	var b strings.Builder
	for _, r := range name {
		if strings.ContainsRune(`*?[]{}\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
