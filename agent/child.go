package agent

import (
	"context"
	"fmt"
	"slices"
)

// Info is what is known of a session of this workspace, open or not.
func (m *Sessions) Info(ctx context.Context, id string) (SessionInfo, error) {
	if s := m.opened(id); s != nil {
		return s.Info(), nil
	}
	list, err := m.opt.Store.List(ctx, m.opt.Directory)
	if err != nil {
		return SessionInfo{}, err
	}
	i := slices.IndexFunc(list, func(i SessionInfo) bool { return i.ID == id })
	if i < 0 {
		return SessionInfo{}, fmt.Errorf("session %s: %w", id, ErrNotFound)
	}
	return list[i], nil
}

// Parents are the sessions above a child, the nearest first; none for a session that a person began. A parent that is
// gone ends the list.
func (m *Sessions) Parents(s *Session) []SessionInfo {
	var above []SessionInfo
	for id := s.Info().Parent; id != "" && len(above) < maxDepth; {
		info, err := m.Info(context.WithoutCancel(s.ctx), id)
		if err != nil {
			break
		}
		above = append(above, info)
		id = info.Parent
	}
	return above
}

// maxDepth bounds the way up from a child, should a store hold a circle.
const maxDepth = 16

// below is how deep a session stands: 0 for one that a person began.
func (m *Sessions) below(s *Session) int {
	if s.Info().Parent == "" {
		return 0
	}
	return max(1, len(m.Parents(s)))
}

// Children are the sessions that a session's agents have started, newest first; for "" those that people began.
func (m *Sessions) Children(ctx context.Context, id string) ([]SessionInfo, error) {
	list, err := m.opt.Store.List(ctx, m.opt.Directory)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(i SessionInfo) bool { return i.Parent != id }), nil
}
