package config

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// maxPrompts bounds the prompt files of one folder.
const maxPrompts = 500

// prompts reads the Markdown files that define commands and agents in a configuration folder. Each is a source of its own:
// its front matter holds the settings, its body the template or prompt, its path below the folder its name.
func (l *loader) prompts(ctx context.Context, d doc) {
	d.literal = true
	for _, section := range []struct{ folder, key, body string }{
		{"command", "command", "template"}, {"commands", "command", "template"},
		{"agent", "agent", "prompt"}, {"agents", "agent", "prompt"},
		{"mode", "mode", "prompt"}, {"modes", "mode", "prompt"}, // OpenCode's older name for primary agents
	} {
		base := filepath.Join(d.dir, section.folder)
		for _, path := range l.markdown(ctx, d, base) {
			name, _ := filepath.Rel(base, strings.TrimSuffix(path, ".md"))
			d.name = path
			l.prompt(d, section.key, filepath.ToSlash(name), section.body)
		}
	}
}

// markdown lists the .md files below a folder. In a workspace a symbolic link is no file.
func (l *loader) markdown(ctx context.Context, d doc, base string) []string {
	var paths []string
	_ = filepath.WalkDir(base, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil || len(paths) == maxPrompts:
			return fs.SkipAll
		case err != nil || entry.IsDir() || filepath.Ext(path) != ".md":
			return nil // a folder that is not there has no files
		case entry.Type().IsRegular() || !d.project && entry.Type()&fs.ModeSymlink != 0:
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

func (l *loader) prompt(d doc, section, name, body string) {
	if !l.look(d.name) {
		return
	}
	src, err := l.open(d)
	if err != nil {
		l.warn(Warning{File: d.name, Message: fmt.Sprintf("cannot be read (%v), so it was left out", cause(err))})
		return
	}
	settings, rest := frontMatter(string(src), func(line int, message string) {
		l.warn(Warning{File: d.name, Line: line, Message: message})
	})
	if body == "template" && strings.TrimSpace(rest) == "" {
		l.warn(Warning{File: d.name, Message: "this command has no text below its front matter, so it was left out"})
		return
	}
	settings.put(field{body, 1, &node{kind: text, line: 1, text: strings.TrimSpace(rest)}})
	d.layer += " (" + d.name + ")"
	d.tree = newObject(field{section, 1, newObject(field{name, 1, settings})})
	l.docs = append(l.docs, &d)
}

// frontMatter splits a text at its front matter, and reads that: the part of YAML that OpenCode's files use, which is
// nested keys with a word, a number, true, false or a quoted text. wrong hears of lines that are not of that kind.
func frontMatter(src string, wrong func(line int, message string)) (settings *node, body string) {
	settings = newObject()
	lines := strings.Split(strings.ReplaceAll(src, "\r\n", "\n"), "\n")
	if strings.TrimSpace(lines[0]) != "---" {
		return settings, src
	}
	end := slices.IndexFunc(lines[1:], func(s string) bool { return strings.TrimSpace(s) == "---" })
	if end < 0 {
		wrong(1, "the front matter has no end; close it with a line of three dashes")
		return settings, src
	}
	y := yaml{levels: []level{{-1, settings}}, wrong: wrong}
	for i, line := range lines[1 : end+1] {
		y.line(i+2, line)
	}
	return settings, strings.Join(lines[end+2:], "\n")
}
