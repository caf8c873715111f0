package agent

import (
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// Bounds of the list of skills in a system prompt, in bytes.
const (
	maxSkillLine = 300
	maxSkillList = 6 << 10
)

// skillList names the skills with what each is for. What a repository says of its own is quoted as its words.
func skillList(skills []tools.Skill) string {
	if len(skills) == 0 {
		return ""
	}
	var own, theirs strings.Builder
	left := 0
	for _, s := range skills {
		line := fmt.Sprintf("- %s: %s\n", s.Name, shortened(permission.Visible(oneLine(s.Description)), maxSkillLine))
		switch {
		case own.Len()+theirs.Len()+len(line) > maxSkillList:
			left++
		case s.Repository:
			theirs.WriteString("> " + line)
		default:
			own.WriteString(line)
		}
	}
	text := "\n# Skills\nLoad one with the tool skill when what it is for fits the task.\n" + own.String()
	if theirs.Len() > 0 {
		text += "The repository's own, in its words:\n" + theirs.String()
	}
	if left > 0 {
		text += fmt.Sprintf("(%d more are not listed)\n", left)
	}
	return text
}

func shortened(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
