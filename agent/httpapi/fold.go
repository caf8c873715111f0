package httpapi

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// wireEvent is one of OpenCode's events before it is sent.
type wireEvent struct {
	Type       string
	Properties any
}

// props are the properties of the events that [collect] does not look into.
type props map[string]any

// The properties of the events that make up a list of messages.
type (
	messageUpdated struct {
		SessionID string `json:"sessionID"`
		Info      Info   `json:"info"`
	}
	messageRemoved struct {
		SessionID string `json:"sessionID"`
		MessageID string `json:"messageID"`
	}
	partUpdated struct {
		SessionID string `json:"sessionID"`
		Part      Part   `json:"part"`
		Time      int64  `json:"time"`
	}
	partRemoved struct {
		SessionID string `json:"sessionID"`
		MessageID string `json:"messageID"`
		PartID    string `json:"partID"`
	}
	partDelta struct {
		SessionID string `json:"sessionID"`
		MessageID string `json:"messageID"`
		PartID    string `json:"partID"`
		Field     string `json:"field"`
		Delta     string `json:"delta"`
	}
)

// surroundings is what a mapping takes from outside the session's events: nothing that changes while it runs but for the
// defaults, which stand in for what early events do not say.
type surroundings struct {
	version, project, directory string
	agent, model                string // that take a prompt which names none
	patch                       func([]tools.Applied) string
}

// fold maps a session's events, one after the other, to OpenCode's. The same events give the same result whenever and
// wherever they are read; live ones add to it what the next stored one replaces.
type fold struct {
	ids
	around surroundings
	info   agent.SessionInfo
	last   int64 // the Seq of the last stored event
	at     time.Time

	turn  string            // that has not ended
	user  string            // the message of the last prompt
	first map[string]string // by turn: the message of its first prompt
	// infos are the session as it was before a turn, by that message.
	infos map[string]agent.SessionInfo
	ended map[string]string // by turn: its last message
	// reply is the last assistant message of the turn, made by the event seq; tools are its calls, files what they changed.
	reply *AssistantMessage
	seq   int64
	tools []*ToolPart
	files []string
	live  *liveReply

	todos []tools.Todo
	asked map[string]asked // the open questions by the session's ids
	// children are the sessions of tasks whose calls are not known yet.
	children []agent.SessionInfo
	undone   []undo   // that can be redone
	messages []string // their ids, in order
	retries  int

	out []wireEvent
}

// liveReply is the reply that is being written.
type liveReply struct{ text, thought strings.Builder }

func newFold(session string, around surroundings) *fold {
	return &fold{
		ids: newIDs(session), around: around, info: agent.SessionInfo{ID: session},
		first: map[string]string{}, infos: map[string]agent.SessionInfo{}, ended: map[string]string{}, asked: map[string]asked{},
	}
}

// step takes over one event and returns what a client has to know of it.
func (f *fold) step(e agent.Event) []wireEvent {
	f.out, f.at = nil, e.Time
	if e.Seq > 0 {
		f.last = e.Seq
		f.settleLive(e)
	}
	switch e.Type {
	case agent.SessionCreated, agent.SessionChanged:
		f.session(e)
	case agent.TurnStarted, agent.PromptJoined, agent.PromptExpanded:
		f.prompt(e)
	case agent.TextDelta, agent.ThoughtDelta, agent.Retrying, agent.Progress:
		f.lively(e)
	case agent.MessageDone:
		f.message(e)
	case agent.CallStarted:
		f.started(e)
	case agent.CallDone:
		f.result(e)
	case agent.Asked:
		f.ask(e)
	case agent.Answered:
		f.answer(e)
	case agent.TurnEnded:
		f.end(e)
	case agent.Compacted:
		f.compacted(e)
	case agent.Undone, agent.Redone:
		f.reversed(e)
	}
	if len(f.children) > 0 {
		f.adopt()
	}
	return f.out
}

// adopt says of the calls that run which sessions do their tasks.
func (f *fold) adopt() {
	for _, t := range f.tools {
		if t.Tool != "task" || t.State.Status != "running" || t.State.Metadata != nil {
			continue
		}
		var args struct {
			Description string `json:"description"`
			Agent       string `json:"subagent_type"`
		}
		json.Unmarshal(t.State.Input, &args) // what is no task's matches no child
		i := slices.IndexFunc(f.children, func(c agent.SessionInfo) bool {
			return c.Title == agent.FirstLine(args.Description) && c.Agent == args.Agent
		})
		if i >= 0 {
			t.State.Metadata = map[string]any{"sessionId": f.children[i].ID}
			f.children = slices.Delete(f.children, i, i+1)
			f.tool(t)
		}
	}
}

func (f *fold) emit(kind string, properties any) {
	f.out = append(f.out, wireEvent{kind, properties})
}

func (f *fold) session(e agent.Event) {
	f.info = *e.Session
	if e.Type == agent.SessionCreated {
		f.emit("session.created", props{"sessionID": f.info.ID, "info": f.wire()})
		return
	}
	f.touched()
}

// touched says that what a list shows of the session has changed.
func (f *fold) touched() {
	f.emit("session.updated", props{"sessionID": f.info.ID, "info": f.wire()})
}

func (f *fold) wire() Session {
	info := f.info
	if !f.at.IsZero() {
		info.Updated = f.at
	}
	s := f.around.session(info)
	s.Revert = f.revert()
	return s
}

// session is a session in OpenCode's shape.
func (a surroundings) session(info agent.SessionInfo) Session {
	s := Session{
		ID: info.ID, Slug: strings.ToLower(strings.TrimPrefix(info.ID, "ses_")), ProjectID: a.project, Directory: info.Directory, ParentID: info.Parent,
		Title: cmp.Or(info.Title, "New session - "+info.Created.UTC().Format("2006-01-02T15:04:05.000Z")), Agent: info.Agent, Version: a.version,
		Cost: info.Spent.Cost, Tokens: tokens(&info.Spent.Usage), Time: SessionTime{Created: millis(info.Created), Updated: millis(info.Updated)},
		Permission: rules(slices.Concat(info.Limits, info.Switches)),
	}
	s.Tokens.Total = 0
	if info.Model != "" {
		m := modelName(info.Model)
		s.Model = &ModelRef{ID: m.ModelID, ProviderID: m.ProviderID}
	}
	return s
}

// modelName splits "provider/model".
func modelName(name string) ModelName {
	provider, id, _ := strings.Cut(name, "/")
	return ModelName{ProviderID: provider, ModelID: id}
}

func tokens(u *agent.Usage) Tokens {
	if u == nil {
		return Tokens{}
	}
	return Tokens{
		Total: u.Input + u.Output, Input: u.Input - u.Cached, Output: u.Output - u.Reasoning, Reasoning: u.Reasoning, Cache: Cache{Read: u.Cached},
	}
}

func (f *fold) status(s SessionStatus) {
	f.emit("session.status", props{"sessionID": f.info.ID, "status": s})
}

// put says that a message is there or has changed.
func (f *fold) put(m Info) {
	if i, found := slices.BinarySearch(f.messages, m.messageID()); !found {
		f.messages = slices.Insert(f.messages, i, m.messageID())
	}
	switch m := m.(type) {
	case *UserMessage:
		c := *m
		f.emit("message.updated", messageUpdated{f.info.ID, &c})
	case *AssistantMessage:
		c := *m
		f.emit("message.updated", messageUpdated{f.info.ID, &c})
	}
}

// part says that a part is there or has changed.
func (f *fold) part(p Part) {
	f.emit("message.part.updated", partUpdated{f.info.ID, p, millis(f.at)})
}

// head is what a part of the message of the event seq begins with.
func (f *fold) head(kind string, seq int64, place, n int) PartHead {
	return PartHead{ID: f.ids.part(seq, place, n), SessionID: f.info.ID, MessageID: f.ids.message(seq), Type: kind}
}
