package httpapi

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// info finds the session that a request names.
func (a *API) info(c *call) (agent.SessionInfo, error) {
	id := c.PathValue("sessionID")
	if !sessionID(id) {
		return agent.SessionInfo{}, notFound("Session", id)
	}
	return a.opt.Sessions.Info(c.Context(), id)
}

// open opens the session that a request names.
func (a *API) open(c *call) (*agent.Session, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	return a.opt.Sessions.Visit(c.Context(), info.ID)
}

// wire is a session as it is sent, with what is reverted.
func (a *API) wire(c *call, info agent.SessionInfo) (Session, error) {
	s := a.around().session(info)
	if l := a.follower(info.ID); l != nil {
		if revert, known := l.revert(); known {
			s.Revert = revert
			return s, nil
		}
	}
	f, _, err := a.read(c.Context(), info.ID)
	if err == nil {
		s.Revert = f.revert()
	}
	return s, err
}

const listed = 100 // sessions, unless limit says otherwise; OpenCode's figure

func (a *API) sessionList(c *call, _ none) ([]Session, error) {
	all, err := a.opt.Store.List(c.Context(), a.directory)
	if err != nil {
		return nil, err
	}
	start, limit := c.number("start", 0), int(c.number("limit", listed))
	search := strings.ToLower(c.query.Get("search"))
	list := []Session{}
	for _, info := range all {
		if len(list) >= limit {
			break
		}
		if c.query.Get("roots") == "true" && info.Parent != "" || millis(info.Updated) < start {
			continue
		}
		if s := a.around().session(info); strings.Contains(strings.ToLower(s.Title), search) {
			list = append(list, s)
		}
	}
	return list, nil
}

type createBody struct {
	ParentID string    `json:"parentID,omitempty"`
	Title    string    `json:"title,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Model    *ModelRef `json:"model,omitempty"`
	// Permission narrows what the session may do; what it allows is only an exception from that.
	Permission []Rule `json:"permission,omitempty"`
}

func (a *API) sessionCreate(c *call, in createBody) (Session, error) {
	start := agent.Start{Title: in.Title, Agent: in.Agent, Parent: in.ParentID, Aside: true}
	err := a.answering(in.Agent)
	if err != nil {
		return Session{}, err
	}
	if in.Model != nil {
		name, err := modelOf(ModelName{in.Model.ProviderID, in.Model.ID})
		if err != nil {
			return Session{}, err
		}
		start.Model = name
	}
	if in.ParentID != "" {
		if !sessionID(in.ParentID) {
			return Session{}, notFound("Session", in.ParentID)
		}
		if _, err := a.opt.Sessions.Info(c.Context(), in.ParentID); err != nil {
			return Session{}, explain(err, in.ParentID)
		}
	}
	if start.Limits, err = limits(in.Permission); err != nil {
		return Session{}, err
	}
	s, err := a.opt.Sessions.New(c.Context(), start)
	if err != nil {
		return Session{}, err
	}
	return a.around().session(s.Info()), nil
}

// maxLimits bounds the rules of a session.
const maxLimits = 1000

// limits are a client's rules for a session, as they are stored.
func limits(rules []Rule) ([]agent.Limit, error) {
	if len(rules) > maxLimits {
		return nil, badRequest("Payload", "permission has more than %d rules; give fewer", maxLimits)
	}
	var out []agent.Limit
	for i, r := range rules {
		if _, err := permission.ParseAction(r.Action); err != nil || r.Permission == "" || r.Pattern == "" {
			return nil, badRequest("Payload", "permission[%d] is no rule; give permission, pattern and an action: allow, ask or deny", i)
		}
		out = append(out, agent.Limit(r))
	}
	return out, nil
}

// rules are a session's rules on the wire.
func rules(limits []agent.Limit) []Rule {
	var out []Rule
	for _, l := range limits {
		out = append(out, Rule(l))
	}
	return out
}

// answering refuses an agent that people may not prompt.
func (a *API) answering(name string) error {
	if name == "" {
		return nil
	}
	if err := a.opt.Answering(name); err != nil {
		return badRequest("Payload", "%s", err)
	}
	return nil
}

// modelOf is "provider/model".
func modelOf(m ModelName) (string, error) {
	if m.ProviderID == "" || m.ModelID == "" || strings.Contains(m.ProviderID, "/") {
		return "", badRequest("Payload", "model names no provider and model; give both")
	}
	return m.ProviderID + "/" + m.ModelID, nil
}

func (a *API) sessionGet(c *call, _ none) (Session, error) {
	info, err := a.info(c)
	if err != nil {
		return Session{}, err
	}
	return a.wire(c, info)
}

type patchBody struct {
	Title      *string `json:"title,omitempty"`
	Permission []Rule  `json:"permission,omitempty"`
	Time       *struct {
		Archived *int64 `json:"archived,omitempty"`
	} `json:"time,omitempty"`
}

func (a *API) sessionPatch(c *call, in patchBody) (Session, error) {
	info, err := a.info(c)
	if err != nil {
		return Session{}, err
	}
	if in.Time != nil && in.Time.Archived != nil {
		return Session{}, badRequest("Payload", "sessions cannot be archived here; delete it, or leave it")
	}
	if len(in.Permission) > 0 {
		return Session{}, badRequest("Payload", "permission is set when a session is created; create another one")
	}
	if in.Title != nil {
		if strings.TrimSpace(*in.Title) == "" {
			return Session{}, badRequest("Payload", "title is empty; say what the session shall be called")
		}
		if err := a.opt.Sessions.Rename(c.Context(), info.ID, *in.Title); err != nil {
			return Session{}, err
		}
	}
	return a.sessionGet(c, none{})
}

func (a *API) sessionDelete(c *call, _ none) (bool, error) {
	info, err := a.info(c)
	if err != nil {
		return false, err
	}
	gone, err := a.opt.Sessions.Delete(c.Context(), info.ID)
	for _, id := range gone {
		a.settled(id) // nothing is told of it after its end
		a.opt.Deleted(id)
		s := a.around().session(agent.SessionInfo{ID: id, Directory: a.directory})
		if id == info.ID {
			s = a.around().session(info)
		}
		a.hub.publish(id, 0, info.Updated, []wireEvent{{"session.deleted", props{"sessionID": id, "info": s}}})
	}
	return err == nil, err
}

func (a *API) sessionStatus(*call, none) (map[string]SessionStatus, error) {
	all := map[string]SessionStatus{}
	for _, s := range a.opt.Sessions.Running() {
		if s.Busy() != "" {
			all[s.ID()] = SessionStatus{Type: "busy"}
		}
	}
	return all, nil
}

func (a *API) sessionChildren(c *call, _ none) ([]Session, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	children, err := a.opt.Sessions.Children(c.Context(), info.ID)
	list := []Session{}
	for _, child := range children {
		list = append(list, a.around().session(child))
	}
	return list, err
}

func (a *API) sessionAbort(c *call, _ none) (bool, error) {
	info, err := a.info(c)
	if err != nil {
		return false, err
	}
	all := a.opt.Sessions.Running()
	if i := slices.IndexFunc(all, func(s *agent.Session) bool { return s.ID() == info.ID }); i >= 0 {
		all[i].Cancel()
	}
	return true, nil
}

// messageList gives the newest messages, the oldest of them first, and in a header how to get those before.
func (a *API) messageList(c *call, _ none) ([]*Message, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	limit := int(min(c.number("limit", 0), math.MaxInt32))
	_, all, err := a.readFrom(c.Context(), info.ID, func(f *fold) string {
		if c.query.Get("before") != "" || limit == 0 {
			return "" // all
		}
		return f.newest(limit + 1) // a turn has one message at least
	})
	if err != nil {
		return nil, err
	}
	list := all.list
	if before := c.query.Get("before"); before != "" {
		i, found := slices.BinarySearchFunc(list, before, func(m *Message, id string) int { return cmp.Compare(m.Info.messageID(), id) })
		if !found {
			return nil, badRequest("Query", "before is no cursor of this list; give the one of x-next-cursor")
		}
		list = list[:i]
	}
	if limit > 0 && limit < len(list) {
		list = list[len(list)-limit:]
		c.w.Header().Set("X-Next-Cursor", list[0].Info.messageID())
	}
	return append([]*Message{}, list...), nil
}

func (a *API) messageGet(c *call, _ none) (*Message, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	_, all, err := a.read(c.Context(), info.ID)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("messageID")
	if m := all.index[id]; m != nil {
		return m, nil
	}
	return nil, notFound("Message", id)
}
