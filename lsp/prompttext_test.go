package lsp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// ask is a question with text in every place that others fill.
func ask(id, tool, subject string, notes []string, diff, always string) agent.OpenQuestion {
	q := agent.OpenQuestion{
		ID: id, Tool: tool, Subject: subject, Notes: notes,
		Choices: []agent.Choice{{Reply: permission.Once, Title: "Allow once"}, {Reply: permission.Always, Title: "Always allow " + always}, {Reply: permission.Reject, Title: "Reject"}},
	}
	if diff != "" {
		q.Preview = permission.Preview{Kind: "diff", Text: diff}
	}
	return q
}

// checkPrompt holds a prompt to its limits.
func checkPrompt(t *testing.T, q agent.OpenQuestion, first string) {
	t.Helper()
	text, titles, replies := promptText(q, first)
	lines := strings.Split(text, "\n")
	if !strings.HasPrefix(lines[0], "OpenCode #"+q.ID+" ") {
		t.Errorf("line 1 %q does not begin with the question's number", lines[0])
	}
	if w := uniseg.StringWidth(lines[0]); w < minFirst || w > maxLine {
		t.Errorf("line 1 is %d columns: %q", w, lines[0])
	}
	if len(lines) > 1+maxLines {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if w := uniseg.StringWidth(l); w > maxLine {
			t.Errorf("line of %d columns: %q", w, l)
		}
		if permission.Hidden(l) || strings.ContainsAny(l, "\t\r") {
			t.Errorf("hidden character in %q", l)
		}
	}
	if n := utf8.RuneCountInString(text); n > maxPrompt {
		t.Errorf("%d characters: %q", n, text)
	}
	if len(titles) > 4 || len(slices.Compact(slices.Sorted(slices.Values(titles)))) != len(titles) {
		t.Errorf("titles = %q", titles)
	}
	for _, title := range titles {
		if n := utf8.RuneCountInString(title); n > maxTitle || uniseg.StringWidth(title) > maxTitle || permission.Hidden(title) || strings.Contains(title, "\n") {
			t.Errorf("title %q (%d characters)", title, n)
		}
	}
	if q.Kind == agent.KindQuestion {
		if titles[0] != showTitle || len(replies) != len(titles)-1 {
			t.Errorf("titles %q answer %v", titles, replies)
		}
		return
	}
	harmless := map[string]permission.Reply{showTitle: "", "Reject": permission.Reject}
	if reply, ok := harmless[titles[0]]; !ok || replies[titles[0]] != reply {
		t.Errorf("the first action is %q", titles[0])
	}
	if replies["Allow once"] != permission.Once || replies["Reject"] != permission.Reject || len(replies) != 3 {
		t.Errorf("replies = %v", replies)
	}
}

func TestPromptLimits(t *testing.T) {
	long := strings.Repeat("word ", 40)
	diff := "--- a\n+++ b\n@@ -1 +1 @@\n" + strings.Repeat("-"+long+"\n+"+long+"\n", 20)
	subjects := []string{
		"", "ls", long, strings.Repeat("x", 500), strings.Repeat("日本", 100), strings.Repeat("e\u0301", 200), "z" + strings.Repeat("\u0301", 2000),
		"a\tb\t\t\t\t\t\t\t\tc", "one\ntwo", "a\r\nb\rc", "x\u202ey", "\x00\x1b[2J", "\xff\xfe", strings.Repeat("👩‍👩‍👧", 60), strings.Repeat("\U000E0041", 40),
	}
	for _, subject := range subjects {
		for _, first := range []string{"", "reject"} {
			checkPrompt(t, ask("7", "bash", subject, nil, "", subject), first)
			checkPrompt(t, ask("123456", strings.Repeat("server_", 20), subject, []string{subject, long, long, long, long, long, long}, diff, subject), first)
		}
	}
}

// Line 1 is not so short that an editor cuts the titles to its width.
func TestFirstLineIsWideEnough(t *testing.T) {
	for n := range 80 {
		line, _ := firstLine(ask("1", "b", strings.Repeat("x", n), nil, "", ""))
		if w := uniseg.StringWidth(line); w < minFirst || w > maxLine {
			t.Errorf("subject of %d: line 1 is %d columns: %q", n, w, line)
		}
	}
}

// What is left out is said.
func TestPromptSaysWhatIsLeftOut(t *testing.T) {
	wide := strings.Repeat("n", 78)
	tests := map[string]struct {
		q    agent.OpenQuestion
		want string
	}{
		"subject":       {ask("1", "bash", strings.Repeat("x", 100), nil, "", ""), "all 100 characters stand under Show details"},
		"notes":         {ask("1", "bash", "ls", []string{"1", "2", "3", "4", "5", "6", "7"}, "", ""), "3 more lines stand under Show details."},
		"by characters": {ask("1", "bash", strings.Repeat("x", 60), slices.Repeat([]string{wide}, 5), "", ""), "more lines stand under Show details."},
		"diff":          {ask("1", "edit", "a", nil, strings.Repeat("+x\n", 9), ""), "5 more changed lines stand under Show details."},
	}
	for name, test := range tests {
		if text, _, _ := promptText(test.q, ""); !strings.Contains(text, test.want) {
			t.Errorf("%s: %q lacks %q", name, text, test.want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""}, {"abcde", 5, "abcde"}, {"abcdef", 5, "ab…ef"}, {"abcdefg", 4, "a…fg"},
		{"日本語日本語", 7, "日…語"}, {"e\u0301e\u0301e\u0301", 3, "…"}, {"x", 0, "…"},
	}
	for _, test := range tests {
		got := fit(test.text, test.width)
		if test.width > 0 && breadth(got) > test.width {
			t.Errorf("fit(%q, %d) = %q is too broad", test.text, test.width, got)
		}
		if test.width > 0 && got != test.want {
			t.Errorf("fit(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func FuzzPromptText(f *testing.F) {
	f.Add("bash", "go test ./...", "a note", "-a\n+b\n", "go test *", false)
	f.Add("s_t", "e\u0301\u202e\t\n日本", "\r", "+\t", "\x00", true)
	f.Fuzz(func(t *testing.T, tool, subject, note, diff, always string, reject bool) {
		first := ""
		if reject {
			first = "reject"
		}
		checkPrompt(t, ask("12", tool, subject, []string{note, subject, note}, diff, always), first)
	})
}

func FuzzQuestionText(f *testing.F) {
	f.Add("Which one?", "a", "b", "c", false)
	f.Add(strings.Repeat("word ", 60), "Show details", "2 Show details", "Show details", true)
	f.Add("", strings.Repeat("3 ", 50), strings.Repeat("3 ", 51), strings.Repeat("3 ", 52), false)
	f.Add(strings.Repeat("x", 500), strings.Repeat("y", 50), strings.Repeat("y", 51), "\u202e\n", true)
	f.Fuzz(func(t *testing.T, question, a, b, c string, open bool) {
		q := agent.OpenQuestion{ID: "12", Kind: agent.KindQuestion, Tool: "question", Subject: question, Notes: []string{a, b, c, a + b + c}, Custom: open, Multiple: open}
		for i, label := range []string{a, b, c, a + b} {
			q.Choices = append(q.Choices, agent.Choice{Reply: permission.Reply(rune('1' + i)), Title: label})
		}
		checkPrompt(t, q, "reject")
	})
}

func TestTrustText(t *testing.T) {
	text := trustText([]string{"/w\n/x\u202e"}, slices.Repeat([]string{strings.Repeat("run ", 50)}, 9))
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[5] != "23 more lines stand under Show details." {
		t.Errorf("%q", lines)
	}
	for _, l := range lines {
		if uniseg.StringWidth(l) > maxLine || permission.Hidden(l) {
			t.Errorf("line %q", l)
		}
	}
}

func TestWanted(t *testing.T) {
	tests := []struct {
		kind string
		only []string
		want bool
	}{
		{"quickfix", nil, true}, {"quickfix", []string{""}, true}, {"quickfix", []string{"quickfix"}, true}, {"quickfix", []string{"quick"}, false},
		{"refactor.opencode.explain", []string{"refactor"}, true}, {"refactor.opencode.explain", []string{"refactor.opencode"}, true},
		{"refactor.opencode.explain", []string{"refactor.open"}, false}, {"refactor.rewrite.opencode", []string{"refactor.opencode"}, false},
		{"quickfix", []string{"source.fixAll"}, false}, {"quickfix", []string{"source", "quickfix"}, true},
	}
	for _, test := range tests {
		if got := wanted(test.kind, test.only); got != test.want {
			t.Errorf("wanted(%q, %q) = %t", test.kind, test.only, got)
		}
	}
	for _, kind := range actionKinds() {
		if strings.HasPrefix(kind, "source") {
			t.Errorf("kind %s: editors run those on save", kind)
		}
	}
}
