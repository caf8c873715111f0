package agent

import (
	_ "embed"
	"fmt"
	"runtime"
	"strings"
	"time"
)

//go:embed system.md
var systemText string

// Rules is a file of instructions that the model reads with the system prompt.
type Rules struct{ Path, Text string }

// SystemPrompt is the system text of a session. It names the day but no time, so that it stays the same byte for byte for
// the provider's prompt cache; a session asks for it once.
func SystemPrompt(roots []string, git bool, now time.Time, rules []Rules) string {
	var b strings.Builder
	b.WriteString(systemText)
	fmt.Fprintf(&b, "\n# Environment\n- Workspace: %s\n- Git repository: %t\n- Platform: %s\n- Today: %s\n",
		strings.Join(roots, ", "), git, runtime.GOOS, now.Format("2006-01-02"))
	for _, r := range rules {
		fmt.Fprintf(&b, "\n# Instructions from %s\nThese are the repository's or the user's words on how to work here.\n\n%s\n", r.Path, strings.TrimSpace(r.Text))
	}
	return b.String()
}
