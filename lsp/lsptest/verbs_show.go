package lsptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rsc.io/script"
)

// showVerbs print what can be seen.
func showVerbs() map[string]verb {
	show := func(summary, args string, print func(p *player, name string) (string, error)) verb {
		return verb{args, summary, false, func(p *player, a []string) (string, error) { return print(p, arg(a, 0)) }}
	}
	return map[string]verb{
		"buffer":     show("print a buffer", "PATH", (*player).buffer),
		"buffers":    show("list the open buffers", "", (*player).buffers),
		"disk":       show("print a file on disk", "PATH", func(p *player, path string) (string, error) { return p.editor.Disk(path) }),
		"question":   show("print the question at hand", "", (*player).showQuestion),
		"progress":   show("list the tasks that report progress", "", (*player).progress),
		"messages":   show("list the messages shown", "", (*player).listMessages),
		"shown":      show("list the documents that the server showed", "", (*player).listShown),
		"events":     show("list the opencode/event notifications", "", (*player).listEvents),
		"transcript": show("print the transcript of the current session, or of SESSION", "[SESSION]", (*player).transcript),
		"requests":   show("print the requests that the model received, or only the last with -last", "[-last]", (*player).requests),
		"log":        show("print every message between editor and server", "", (*player).log),
	}
}

func (p *player) buffer(path string) (string, error) {
	text, open := p.editor.Buffer(path)
	if !open {
		return "", fmt.Errorf("%s is not open in the editor", path)
	}
	return text, nil
}

func (p *player) buffers(string) (string, error) {
	return lines(p.editor.Buffers(), func(b BufferState) string {
		path, err := filepath.Rel(p.root, b.Path)
		if err != nil {
			path = b.Path
		}
		words := []string{filepath.ToSlash(path)}
		for word, holds := range map[string]bool{"hidden": b.Hidden, "modified": b.Modified, "unknown to the server": !b.Synced} {
			if holds {
				words = append(words, word)
			}
		}
		slices.Sort(words[1:])
		return strings.Join(words, " ")
	}), nil
}

func (p *player) showQuestion(string) (string, error) {
	number, err := p.atHand()
	if err != nil {
		return "", err
	}
	return p.editor.Questions()[number-1].String(), nil
}

func (p *player) progress(string) (string, error) {
	return lines(p.editor.Tasks(), Progress.String), nil
}

func (p *player) listMessages(string) (string, error) {
	all := slices.DeleteFunc(p.editor.Messages(), func(m Message) bool { return m.Log })
	return lines(all, func(m Message) string {
		return []string{"", "error", "warning", "info", "log", "debug"}[m.Type] + ": " + m.Text
	}), nil
}

func (p *player) listShown(string) (string, error) {
	return lines(p.editor.ShownDocuments(), func(s Shown) string {
		if s.TakeFocus {
			return s.URI + " takes the focus"
		}
		return s.URI
	}), nil
}

func (p *player) listEvents(string) (string, error) {
	return lines(p.editor.Events(), func(e json.RawMessage) string { return plainJSON(e, "") }), nil
}

// transcript asks the server to show it (opencode.session.open) and reads the file.
func (p *player) transcript(session string) (string, error) {
	args := []any{}
	if session != "" {
		args = append(args, map[string]string{"session": session})
	}
	before := len(p.editor.ShownDocuments())
	if _, err := p.editor.Command(p.ctx, "opencode.session.open", args...); err != nil {
		return "", err
	}
	p.Host.Settle()
	shown := p.editor.ShownDocuments()
	if len(shown) == before {
		return "", errors.New("opencode.session.open shows no document")
	}
	text, err := os.ReadFile(shown[len(shown)-1].Path)
	if err != nil {
		return "", fmt.Errorf("read transcript: %w", err)
	}
	return string(text), nil
}

func (p *player) requests(which string) (string, error) {
	all := p.Host.Requests()
	if which == "-last" && len(all) > 0 {
		all = all[len(all)-1:]
	}
	return lines(all, func(r json.RawMessage) string { return plainJSON(r, "  ") }), nil
}

func (p *player) log(string) (string, error) {
	return lines(p.editor.Wire(), func(line string) string { return line }), nil
}

// lifeVerbs end and start editor and server.
func lifeVerbs() map[string]verb {
	return map[string]verb{
		"drop":    {"", "end the editor without a word; unsaved text is lost", false, func(p *player, _ []string) (string, error) { return "", p.drop() }},
		"kill":    {"", "end the server at once; the editor keeps its buffers", false, func(p *player, _ []string) (string, error) { return "", p.kill() }},
		"restart": {"", "start a new server on the same data, and after drop a new editor", false, func(p *player, _ []string) (string, error) { return "", p.restart() }},
	}
}

// waitCommand lets time pass, and collects what runs in the background.
func (p *player) waitCommand() script.Cmd {
	usage := script.CmdUsage{Summary: "let the server settle; with a duration let it pass, else wait for background commands", Args: "[DURATION]"}
	return script.Command(usage, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if len(args) > 1 {
			return nil, script.ErrUsage
		}
		if len(args) == 0 {
			p.Host.Settle()
			wait, err := script.Wait().Run(s)
			return wait, p.after(err)
		}
		d, err := time.ParseDuration(args[0])
		if err == nil {
			p.Host.Settle()
			time.Sleep(d)
		}
		return nil, p.after(err)
	})
}
