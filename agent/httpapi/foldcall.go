package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// pending adds a call to the reply.
func (f *fold) pending(head PartHead, c tools.Call) *ToolPart {
	t := &ToolPart{PartHead: head, CallID: c.ID, Tool: c.Name, State: ToolState{Status: "pending", Input: input(c.Arguments), Raw: new(c.Arguments)}}
	f.tools = append(f.tools, t)
	f.tool(t)
	return t
}

// tool shows a call as it is now.
func (f *fold) tool(t *ToolPart) {
	c := *t
	f.part(&c)
}

// input is the arguments where they are an object, else an empty one.
func input(arguments string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(arguments), &object) != nil || object == nil {
		return json.RawMessage("{}")
	}
	return json.RawMessage(arguments)
}

// call finds a call of the reply. One that a prompt makes gets a message of its own, when it is first heard of.
func (f *fold) call(seq int64, c tools.Call) *ToolPart {
	if i := slices.IndexFunc(f.tools, func(t *ToolPart) bool { return t.CallID == c.ID }); i >= 0 {
		return f.tools[i]
	}
	if !strings.HasPrefix(c.ID, "prompt_") {
		return nil
	}
	f.begin(seq, "")
	f.put(f.reply)
	return f.pending(f.head("tool", seq, placeTool, 0), c)
}

// run shows a call as running.
func (f *fold) run(t *ToolPart) {
	if t.State.Status != "pending" {
		return
	}
	t.State = ToolState{Status: "running", Input: t.State.Input, Time: &PartTime{Start: millis(f.at)}}
	f.tool(t)
}

func (f *fold) started(e agent.Event) {
	t := f.call(e.Seq, *e.Call)
	if t == nil {
		return
	}
	f.run(t)
	if known := input(e.Call.Arguments); !bytes.Equal(known, t.State.Input) { // a prompt's call is heard of before its arguments
		t.State.Input = known
		f.tool(t)
	}
}

// progress shows the last line of output where it is clear whose it is.
func (f *fold) progress(line string) {
	var running []*ToolPart
	for _, t := range f.tools {
		if t.State.Status == "running" && t.Tool != "task" { // whose session shows what it does
			running = append(running, t)
		}
	}
	if len(running) == 1 {
		running[0].State.Metadata = map[string]any{"output": line}
		f.tool(running[0])
	}
}

// result ends a call, and with the last one the reply.
func (f *fold) result(e agent.Event) {
	r := e.Result
	t := f.call(e.Seq, tools.Call{ID: r.Call, Name: r.Name})
	if t == nil {
		return
	}
	start := millis(e.Time)
	if t.State.Time != nil {
		start = t.State.Time.Start
	}
	t.State = f.outcome(t, r, PartTime{start, millis(e.Time)})
	f.tool(t)
	for _, file := range r.Files {
		f.emit("file.edited", props{"file": file})
		if !slices.Contains(f.files, file) {
			f.files = append(f.files, file)
		}
	}
	if r.Todos != nil {
		f.todos = r.Todos
		f.emit("todo.updated", props{"sessionID": f.info.ID, "todos": wireTodos(r.Todos)})
	}
	open := slices.ContainsFunc(f.tools, func(t *ToolPart) bool { return t.State.Status == "pending" || t.State.Status == "running" })
	switch {
	case open:
	case strings.HasPrefix(r.Call, "prompt_"):
		f.close()
	default:
		f.complete()
	}
}

// outcome is the state of a call that is done.
func (f *fold) outcome(t *ToolPart, r *agent.CallResult, at PartTime) ToolState {
	s := ToolState{Input: t.State.Input, Time: &at, Metadata: f.metadata(r)}
	if r.Error {
		s.Status, s.Error = "error", new(r.Text)
		return s
	}
	s.Status, s.Output, s.Title = "completed", new(r.Text), new(r.Title)
	for i, a := range r.Attachments {
		s.Attachments = append(s.Attachments, f.file(f.head("file", f.seq, placeFile, i), a))
	}
	return s
}

// metadata is what OpenCode's clients draw a call from.
func (f *fold) metadata(r *agent.CallResult) map[string]any {
	m := map[string]any{"truncated": r.Full != ""}
	switch r.Name {
	case "bash":
		m["output"] = r.Text
		if n, ok := exitCode(r.Title); ok {
			m["exit"] = n
		}
	case "todowrite":
		m["todos"] = wireTodos(r.Todos)
	case "task":
		if _, id, ok := strings.Cut(r.Text, "\n\ntask_id: "); ok {
			m["sessionId"] = strings.TrimSpace(id)
		}
	}
	if r.Diff == "" {
		return m
	}
	m["diff"] = r.Diff
	m["diagnostics"] = map[string]any{}
	if len(r.Files) == 1 {
		added, removed := count(r.Diff)
		m["filediff"] = map[string]any{"file": r.Files[0], "patch": r.Diff, "additions": added, "deletions": removed}
	}
	if r.Name == "apply_patch" {
		m["files"] = f.patched(r)
	}
	return m
}

// exitCode is how a command ended, which stands at the end of its title.
func exitCode(title string) (n int, ok bool) {
	_, err := fmt.Sscanf(title[strings.LastIndexByte(title, '(')+1:], "exit %d)", &n)
	return n, err == nil
}

// patched are the files of a patch, each with its own piece of the diff.
func (f *fold) patched(r *agent.CallResult) []map[string]any {
	list := []map[string]any{}
	for _, c := range r.Changes {
		kind := "update"
		if c.Created {
			kind = "add"
		} else if c.Deleted {
			kind = "delete"
		}
		rel, err := filepath.Rel(f.around.directory, c.Path)
		if err != nil {
			rel = c.Path
		}
		patch := pieceOf(r.Diff, filepath.ToSlash(rel))
		added, removed := count(patch)
		list = append(list, map[string]any{
			"filePath": c.Path, "relativePath": filepath.ToSlash(rel), "type": kind, "patch": patch, "additions": added, "deletions": removed,
		})
	}
	return list
}

// pieceOf is the piece of a unified diff that is about one file, all of it where there is none.
func pieceOf(diff, rel string) string {
	for piece := range strings.SplitSeq("\n"+diff, "\n--- ") {
		head, _, _ := strings.Cut(piece, "\n@@")
		if strings.Contains(head, rel) {
			return "--- " + piece
		}
	}
	return diff
}

// count counts the lines that a unified diff adds and removes.
func count(diff string) (added, removed int) {
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
		case line[0] == '+':
			added++
		case line[0] == '-':
			removed++
		}
	}
	return added, removed
}

func wireTodos(list []tools.Todo) []Todo {
	out := []Todo{}
	for _, t := range list {
		out = append(out, Todo(t))
	}
	return out
}
