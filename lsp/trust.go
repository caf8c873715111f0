package lsp

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// askTrust asks once whether the repository's configuration may do what the lines say; no answer means no. The whole text
// can be read before anything is answered.
func (s *Server) askTrust(ctx context.Context, lines []string) bool {
	const no, yes = "Not now", "Trust this workspace"
	answer := make(chan bool, 1)
	s.asides.push(&prompt{
		text: trustText(s.client.roots, lines), kind: protocol.MessageTypeWarning, titles: []string{showTitle, no, yes},
		choose: func(title string) bool {
			if title == showTitle {
				s.showTrust(lines)
				return true
			}
			answer <- title == yes
			return false
		},
		none: func() { answer <- false },
	})
	select {
	case ok := <-answer:
		return ok
	case <-ctx.Done():
		return false
	}
}

// trustText is the question: what trust enables, each line as a whole where there is room, else cut with a word on it.
func trustText(roots, lines []string) string {
	text := []string{fit("OpenCode: trust the configuration in "+oneLine(strings.Join(roots, ", "))+"?", maxLine)}
	for _, l := range lines {
		text = append(text, wrap("It would "+oneLine(l), maxLine)...)
	}
	return withinPrompt(text)
}

// wrap breaks a line into several of at most width columns, at blanks where it can.
func wrap(text string, width int) []string {
	var out []string
	for {
		head := cutHead(text, width)
		if head == text || len(out) > maxLines { // further lines are not shown anyway
			return append(out, text)
		}
		if at := strings.LastIndexByte(head, ' '); at > width/3 {
			head = head[:at]
		}
		out = append(out, head)
		text = "  " + strings.TrimPrefix(text[len(head):], " ")
	}
}

// showTrust opens the whole of what trust would enable, beside the transcripts.
func (s *Server) showTrust(lines []string) {
	sum := fnv.New32a()
	sum.Write([]byte(strings.Join(s.client.roots, "\x00"))) // a hash takes everything
	path := filepath.Join(s.opt.Transcripts, fmt.Sprintf("trust-%08x.md", sum.Sum32()))
	var b strings.Builder
	fmt.Fprintf(&b, "# Trust in %s\n\nThe configuration in this folder's own files asks for the following. Nothing of it is in force until you trust it;\nwhen it changes you are asked again.\n\n```\n", strings.Join(s.client.roots, ", "))
	for _, l := range lines {
		b.WriteString(strings.ReplaceAll(oneLine(l), "```", "‹```›") + "\n")
	}
	b.WriteString("```\n")
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(b.String()), 0o600)
	}
	if err == nil && s.client.caps.Window.ShowDocument.Support && s.showDocument(path, true) {
		return
	}
	s.showMessage(protocol.MessageTypeInfo, "OpenCode: trusting this folder's configuration would: "+oneLine(strings.Join(lines, "; ")))
}
