package config

import (
	"context"
	"os"
	"path/filepath"
)

// within says whether the real place of a folder lies in that of another.
func within(top, dir string) bool {
	realTop, err := filepath.EvalSymlinks(top)
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(dir)
	return err == nil && inside(realTop, real)
}

type skillWalk struct {
	ctx     context.Context
	follow  bool
	entries int
}

func (w *skillWalk) folder(path string) bool {
	stat := os.Lstat
	if w.follow {
		stat = os.Stat
	}
	info, err := stat(path)
	return err == nil && info.IsDir()
}

func (w *skillWalk) walk(path string, depth int) []string {
	if w.entries++; w.entries > maxSkillEntries || depth > maxSkillDepth || w.ctx.Err() != nil {
		return nil
	}
	if filepath.Base(path) == "SKILL.md" {
		return []string{path}
	}
	if name := filepath.Base(path); name == "node_modules" || name == ".git" || !w.folder(path) {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var files []string
	for _, entry := range entries {
		files = append(files, w.walk(filepath.Join(path, entry.Name()), depth+1)...)
	}
	return files
}
