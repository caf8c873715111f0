package lsptest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"golang.org/x/tools/txtar"
	"rsc.io/script"
)

// compareCommand is cmp: what there is against what the script wants.
func (p *player) compareCommand() script.Cmd {
	usage := script.CmdUsage{Summary: "compare stdout, question, transcript, buffer:PATH, disk:PATH or a file with a file of the script", Args: "GOT WANT"}
	return script.Command(usage, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if len(args) != 2 {
			return nil, script.ErrUsage
		}
		got, err := p.source(s, args[0])
		if err != nil {
			return nil, p.after(err)
		}
		want, ok := p.file(args[1])
		switch {
		case ok && got == want:
			return nil, p.after(nil)
		case p.Update:
			p.replaceFile(args[1], got)
			return nil, p.after(nil)
		case !ok:
			return nil, fmt.Errorf("the script has no file %s", args[1])
		}
		return nil, fmt.Errorf("%s is not what is wanted\n%s", args[0], udiff.Unified(args[1], args[0], want, got))
	})
}

// source is the text that cmp's first argument names. Texts for people are scrubbed, the user's files are not.
func (p *player) source(s *script.State, name string) (string, error) {
	if path, ok := strings.CutPrefix(name, "buffer:"); ok {
		return p.buffer(path)
	}
	if path, ok := strings.CutPrefix(name, "disk:"); ok {
		return p.editor.Disk(path)
	}
	var text string
	var err error
	switch name {
	case "stdout":
		return s.Stdout(), nil
	case "stderr":
		return s.Stderr(), nil
	case "question":
		text, err = p.showQuestion("")
	case "transcript":
		text, err = p.transcript("")
	default:
		data, err := os.ReadFile(s.Path(name))
		if err != nil {
			return "", fmt.Errorf("cmp: %w", err)
		}
		return string(data), nil
	}
	return p.scrub(text), err
}

// replaceFile sets a golden; a golden that does not end its last line cannot stand in a txtar file and gains the end.
func (p *player) replaceFile(name, text string) {
	p.updated = true
	i := slices.IndexFunc(p.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		p.archive.Files = append(p.archive.Files, txtar.File{Name: name})
		i = len(p.archive.Files) - 1
	}
	p.archive.Files[i].Data = []byte(text)
}

// executeCommand is command: in the background (with & behind it) it does not wait for the result.
func (p *player) executeCommand() script.Cmd {
	usage := script.CmdUsage{Summary: "run a command of the server and print its result", Args: "NAME [JSON]", Async: true}
	return script.Command(usage, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if len(args) < 1 || len(args) > 2 {
			return nil, script.ErrUsage
		}
		params := []any{}
		if len(args) == 2 {
			if !json.Valid([]byte(args[1])) {
				return nil, fmt.Errorf("the argument is not JSON: %s", args[1])
			}
			params = append(params, json.RawMessage(args[1]))
		}
		call := p.editor.StartCommand(args[0], params...)
		p.Host.Settle()
		return func(s *script.State) (string, string, error) {
			var result json.RawMessage
			err := p.after(call.Wait(s.Context(), &result))
			out := plainJSON(result, "  ") + "\n"
			p.remember(s, out)
			return p.scrub(out), "", err
		}, nil
	})
}

// member is a string member of a JSON object, "" where there is none.
func member(object, name string) string {
	var members map[string]any
	if json.Unmarshal([]byte(object), &members) != nil {
		return ""
	}
	value, _ := members[name].(string)
	return value
}
