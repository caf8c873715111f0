package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func skillText(name string) string {
	return "---\nname: " + name + "\ndescription: Does " + name + "\n---\nSteps.\n"
}

// skillNames are the skills by name, whose they are and where they lie.
func (p *place) skillNames(c *Config) []string {
	var list []string
	for _, s := range c.Skills {
		whose := map[bool]string{true: "repo", false: "mine"}[s.Repository]
		list = append(list, s.Name+" "+whose+" "+strings.TrimPrefix(filepath.Dir(s.File), p.home+"/"))
	}
	return list
}

func TestSkills(t *testing.T) {
	p := newPlace(t, map[string]string{
		".claude/skills/a/SKILL.md": skillText("a"), ".agents/skills/b/SKILL.md": skillText("b"), "user/skill/c/SKILL.md": skillText("c"),
		"user/skills/group/d/SKILL.md": skillText("d"), ".opencode/skills/e/SKILL.md": skillText("e"),
		"repo/.claude/skills/f/SKILL.md": skillText("f"), "repo/sub/.agents/skills/g/SKILL.md": skillText("g"), "repo/.opencode/skill/h/SKILL.md": skillText("h"),
		"repo/more/i/SKILL.md": skillText("i"), "mine/j/SKILL.md": skillText("j"),
		// Of two with one name the later place counts.
		"repo/.opencode/skills/a/SKILL.md": skillText("a"),
		"above/.claude/skills/x/SKILL.md":  skillText("x"),
		"repo/opencode.json":               `{"skills": {"paths": ["more", "../mine"], "urls": ["https://example.com/skills"]}}`,
		"user/opencode.json":               `{"skills": {"paths": ["~/mine", "~/none"]}}`,
	})
	p.from.Roots = []string{filepath.Join(p.repo, "sub")}
	c, warnings := p.load()
	equal(t, "skills", p.skillNames(c), []string{
		"a repo repo/.opencode/skills/a", "b mine .agents/skills/b", "c mine user/skill/c", "d mine user/skills/group/d", "e mine .opencode/skills/e",
		"f repo repo/.claude/skills/f", "g repo repo/sub/.agents/skills/g", "h repo repo/.opencode/skill/h", "i repo repo/more/i", "j mine mine/j",
	})
	equal(t, "description", c.Skills[0].Description, "Does a")
	equal(t, "untrusted", c.Untrusted, []string{"offer the model the skills in ../mine"})
	equal(t, "warnings", warnings, []string{
		"~/user/opencode.json:1: skills.paths: ~/none cannot be read (no such file or directory), so it holds no skills",
		"~/repo/opencode.json:1: skills.urls: skills are not taken from addresses; put the folder into one of the skill folders",
	})
	if !slices.Contains(c.Files, filepath.Join(p.home, "user/skill/c/SKILL.md")) {
		t.Error("a skill's file is not watched")
	}
	for variable, left := range map[string]int{"OPENCODE_DISABLE_CLAUDE_CODE_SKILLS": 9, "OPENCODE_DISABLE_EXTERNAL_SKILLS": 7, "OPENCODE_DISABLE_PROJECT_CONFIG": 6} {
		p.env[variable] = "true"
		if c, _ := p.load(); len(c.Skills) != left {
			t.Errorf("with %s: %q", variable, p.skillNames(c))
		}
		delete(p.env, variable)
	}
}

// TestBadSkills has everything that may be wrong with a skill; each is one line, and the good one stays.
func TestBadSkills(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/skills/good/SKILL.md": skillText("good"), "user/skills/none/README.md": "x", "user/skills/bare/SKILL.md": "Steps.",
		"user/skills/open/SKILL.md": "---\nname: open\ndescription: x\n", "user/skills/odd/SKILL.md": "---\nname: odd\nwhat\ndescription: x\n---\n",
		"user/skills/bad/SKILL.md": "---\nname: \"b d\"\ndescription: x\n---\n", "user/skills/large/SKILL.md": strings.Repeat("x", maxFile+1),
	})
	c, warnings := p.load()
	equal(t, "skills", p.skillNames(c), []string{"good mine user/skills/good", "odd mine user/skills/odd"})
	equal(t, "warnings", warnings, []string{
		"~/user/skills/none: this skill folder has no SKILL.md, so it is no skill",
		"~/user/skills/bad/SKILL.md: name: \"b d\" is no name of a skill; use letters, digits and dashes, at most 64",
		"~/user/skills/bare/SKILL.md: a skill needs a name and a description in its front matter, so it was left out",
		"~/user/skills/large/SKILL.md: cannot be read (it is larger than 1048576 bytes), so it is no skill",
		"~/user/skills/odd/SKILL.md:3: this line of the front matter is not understood and was left out; write it as key: value",
		"~/user/skills/open/SKILL.md:1: the front matter has no end; close it with a line of three dashes",
		"~/user/skills/open/SKILL.md: a skill needs a name and a description in its front matter, so it was left out",
	})
}

// TestSkillsByLink follows links of the user's own, not those of a repository out of it.
func TestSkillsByLink(t *testing.T) {
	p := newPlace(t, map[string]string{"dot/s/SKILL.md": skillText("s"), "user/x": "", "repo/.opencode/x": "", "repo/in/t/SKILL.md": skillText("t")})
	for from, to := range map[string]string{
		"user/skills": "dot", "repo/.opencode/skills": "dot", "repo/.opencode/skill": "repo/in", "repo/.claude": "dot",
	} {
		if err := os.Symlink(filepath.Join(p.home, to), filepath.Join(p.home, from)); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "skills", p.skillNames(p.clean()), []string{"s mine dot/s", "t repo repo/in/t"})
}
