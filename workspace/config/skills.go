package config

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Skill is a folder with instructions for certain tasks, which the model loads when it needs them.
type Skill struct {
	Name, Description string
	// File is the canonical path of the SKILL.md.
	File string
	// Repository says that it came with the workspace.
	Repository bool
}

// Bounds of looking for skills: folders below one another, entries of a tree, and skills altogether.
const (
	maxSkillDepth   = 5
	maxSkillEntries = 2000
	maxSkills       = 200
)

// maxSkillName is the length of a skill's name in bytes.
const maxSkillName = 64

// isSkillName reports whether s is a word that no rule takes for a pattern.
func isSkillName(s string) bool {
	const alphanumeric, further = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "._:-"
	return s != "" && len(s) <= maxSkillName && strings.Trim(s, alphanumeric+further) == "" && !strings.ContainsAny(s[:1], further)
}

// skillTree is a folder that may hold skills. top is the workspace folder that its real place must be in; "" for one of the
// user's own.
type skillTree struct{ dir, top string }

// skills finds all skills, by name. Of two with one name the later place counts, as in OpenCode: the folders that agents
// share, OpenCode's own, then what skills.paths names.
func (l *loader) skills(ctx context.Context, all *node) []Skill {
	found := map[string]Skill{}
	for _, t := range append(l.skillTrees(), l.skillPaths(all)...) {
		for _, file := range l.skillFiles(ctx, t) {
			if s, ok := l.skill(file, t); ok && (len(found) < maxSkills || found[s.Name].Name != "") {
				found[s.Name] = s
			}
		}
	}
	var list []Skill
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list
}

// skillTrees are the usual places, the weakest first.
func (l *loader) skillTrees() []skillTree {
	var trees []skillTree
	home, project := l.home(), l.env("OPENCODE_DISABLE_PROJECT_CONFIG") == ""
	each := func(f func(dir, top string)) {
		for _, root := range slices.Backward(l.Roots) {
			for _, dir := range Folders(root, home) {
				f(dir, topOf(filepath.Clean(root), home))
			}
		}
	}
	for _, name := range l.sharedFolders() {
		if home != "" {
			trees = append(trees, skillTree{dir: filepath.Join(home, name, "skills")})
		}
		if project {
			each(func(dir, top string) { trees = append(trees, skillTree{filepath.Join(dir, name, "skills"), top}) })
		}
	}
	add := func(dir, top string) {
		if dir != "" {
			trees = append(trees, skillTree{filepath.Join(dir, "skill"), top}, skillTree{filepath.Join(dir, "skills"), top})
		}
	}
	add(l.UserDir, "")
	if project {
		each(func(dir, top string) { add(filepath.Join(dir, ".opencode"), top) })
	}
	if home != "" {
		add(filepath.Join(home, ".opencode"), "")
	}
	add(l.env("OPENCODE_CONFIG_DIR"), "")
	return trees
}

// sharedFolders are those that other agents read too.
func (l *loader) sharedFolders() []string {
	on := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			value := strings.ToLower(l.env(name))
			return value == "1" || value == "true"
		})
	}
	switch {
	case on("OPENCODE_DISABLE_EXTERNAL_SKILLS"):
		return nil
	case on("OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_SKILLS"):
		return []string{".agents"}
	}
	return []string{".claude", ".agents"}
}

// skillPaths are the folders that skills.paths names. Addresses are refused: nobody would know what they hold tomorrow.
func (l *loader) skillPaths(all *node) []skillTree {
	var trees []skillTree
	for _, d := range l.docs {
		if urls := d.tree.get("skills", "urls"); urls != nil && len(urls.items) > 0 {
			l.warnAt(d, urls.line, []string{"skills", "urls"}, "skills are not taken from addresses; put the folder into one of the skill folders")
		}
		paths := d.tree.get("skills", "paths")
		if paths == nil {
			continue
		}
		for _, item := range paths.items {
			if item.inert {
				continue
			}
			t := skillTree{dir: l.absolute(d.base, item.text)}
			if d.project && inside(d.top, t.dir) {
				t.top = d.top
			} else if d.project { // trusted, and still not the user's
				t.top = t.dir
			}
			if _, err := os.Stat(t.dir); err != nil {
				l.warnAt(d, item.line, []string{"skills", "paths"}, "%s cannot be read (%v), so it holds no skills", item.text, cause(err))
			}
			trees = append(trees, t)
		}
	}
	return trees
}

// skillFiles lists the SKILL.md files below a folder, and says of each folder directly in it that holds none. Links are
// followed in the user's own folders alone.
func (l *loader) skillFiles(ctx context.Context, t skillTree) []string {
	if t.top != "" && !within(t.top, t.dir) {
		return nil
	}
	w := skillWalk{ctx: ctx, follow: t.top == ""}
	var files []string
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return nil // most of the places are not there
	}
	for _, entry := range entries {
		path := filepath.Join(t.dir, entry.Name())
		before := len(files)
		files = append(files, w.walk(path, 1)...)
		if len(files) == before && w.folder(path) && entry.Name()[0] != '.' {
			l.warn(Warning{File: path, Message: "this skill folder has no SKILL.md, so it is no skill"})
		}
	}
	return files
}

// skill reads the head of a skill, or says why it is none.
func (l *loader) skill(file string, t skillTree) (Skill, bool) {
	l.look(file)
	real, err := filepath.EvalSymlinks(file)
	if err == nil && t.top != "" && !within(t.top, file) {
		return Skill{}, false // a link out of the workspace
	}
	var src []byte
	if err == nil {
		src, err = l.open(doc{name: file, project: t.top != ""})
	}
	if err != nil {
		l.warn(Warning{File: file, Message: fmt.Sprintf("cannot be read (%v), so it is no skill", cause(err))})
		return Skill{}, false
	}
	head, _ := frontMatter(string(src), func(line int, message string) { l.warn(Warning{File: file, Line: line, Message: message}) })
	s := Skill{Name: headText(head, "name"), Description: headText(head, "description"), File: real, Repository: t.top != ""}
	if s.Name == "" || s.Description == "" {
		l.warn(Warning{File: file, Message: "a skill needs a name and a description in its front matter, so it was left out"})
		return s, false
	}
	if !isSkillName(s.Name) {
		l.warn(Warning{File: file, Key: "name", Message: fmt.Sprintf("%s is no name of a skill; use letters, digits and dashes, at most 64", quote(s.Name))})
		return s, false
	}
	return s, true
}

// headText is a text or number of front matter, "" for anything else.
func headText(head *node, key string) string {
	if n := head.get(key); n != nil && (n.kind == text || n.kind == number) {
		return strings.TrimSpace(n.text)
	}
	return ""
}
