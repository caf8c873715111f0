package httpapi

import (
	"cmp"
	"encoding/base64"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// prompt makes the user's messages. What the model reads in the place of one is a synthetic part of it.
func (f *fold) prompt(e agent.Event) {
	if e.Type == agent.PromptExpanded {
		f.expanded(e)
		return
	}
	p := e.Prompt
	f.user = f.ids.message(e.Seq)
	if e.Type == agent.TurnStarted {
		f.turn = e.Turn
		f.reply, f.tools, f.files, f.retries = nil, nil, nil, 0
		f.cut()
		f.first[e.Turn], f.infos[f.user] = f.user, f.info
	}
	f.put(&UserMessage{
		ID: f.user, SessionID: f.info.ID, Role: "user", Time: CreatedTime{millis(e.Time)},
		Agent: cmp.Or(p.Agent, f.info.Agent, f.around.agent), Model: modelName(cmp.Or(p.Model, f.info.Model, f.around.model)),
	})
	f.part(&TextPart{PartHead: f.head("text", e.Seq, placeText, 0), Text: cmp.Or(p.Shown, p.Text), Synthetic: p.Action == "shell"})
	if p.Context != "" {
		f.part(&TextPart{PartHead: f.head("text", e.Seq, placeRead, 0), Text: p.Context, Synthetic: true})
	}
	for i, file := range p.Files {
		f.part(f.file(f.head("file", e.Seq, placeFile, i), file))
	}
	f.touched()
	if e.Type == agent.TurnStarted {
		f.status(SessionStatus{Type: "busy"})
	}
}

// expanded adds to the last prompt's message what the model reads in its place.
func (f *fold) expanded(e agent.Event) {
	head := f.head("text", e.Seq, placeRead, 0)
	head.MessageID = f.user
	f.part(&TextPart{PartHead: head, Text: e.Prompt.Text, Synthetic: true})
}

func (f *fold) file(head PartHead, a tools.Attachment) *FilePart {
	return &FilePart{PartHead: head, Mime: a.MIME, Filename: a.Name, URL: "data:" + a.MIME + ";base64," + base64.StdEncoding.EncodeToString(a.Data)}
}
