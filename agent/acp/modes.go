package acp

import (
	"cmp"
	"context"
	"slices"
)

// state is what the client gets to choose from: the agents as modes, agents and models as config options, and the models as
// clients of 2025 want them.
func (one *session) state(ctx context.Context) map[string]any {
	s := map[string]any{"modes": one.modes(), "configOptions": one.options(ctx)}
	if models := one.models(ctx); models != nil {
		s["models"] = models
	}
	return s
}

// current are the agent and the model that the next prompt goes to; "" for a model where none is set.
func (one *session) current() (mode, model string) {
	info := one.root.Info()
	mode, model = one.choices()
	return cmp.Or(mode, info.Agent, one.agent.Mode()), cmp.Or(model, info.Model, one.agent.Model())
}

func (one *session) modes() any {
	type mode struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
	}
	list := []mode{}
	for _, m := range one.agent.Modes() {
		list = append(list, mode{m.Name, oneLine(m.Name), oneLine(m.Description)})
	}
	now, _ := one.current()
	return map[string]any{"currentModeId": now, "availableModes": list}
}

// choice is one value of a config option.
type choice struct {
	Value       string `json:"value"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// option is a config option that is one of several values.
type option struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Type     string   `json:"type"`
	Current  string   `json:"currentValue"`
	Options  []choice `json:"options"`
}

// The ids of the config options.
const (
	modeOption  = "mode"
	modelOption = "model"
)

func (one *session) options(ctx context.Context) []option {
	mode, model := one.current()
	modes := option{ID: modeOption, Name: "Agent", Category: "mode", Type: "select", Current: mode, Options: []choice{}}
	for _, m := range one.agent.Modes() {
		modes.Options = append(modes.Options, choice{m.Name, oneLine(m.Name), oneLine(m.Description)})
	}
	models := option{ID: modelOption, Name: "Model", Category: "model", Type: "select", Current: model, Options: []choice{}}
	for _, name := range one.modelNames(ctx, model) {
		models.Options = append(models.Options, choice{Value: name, Name: cmp.Or(oneLine(name), "none is set")})
	}
	return []option{modes, models}
}

// modelNames are the models that may be chosen, with the present one among them.
func (one *session) modelNames(ctx context.Context, now string) []string {
	names := one.agent.Models(ctx)
	if !slices.Contains(names, now) {
		names = append([]string{now}, names...)
	}
	return names
}

// models is the state of session/set_model, which config options have taken the place of.
func (one *session) models(ctx context.Context) any {
	type model struct {
		ID   string `json:"modelId"`
		Name string `json:"name"`
	}
	_, now := one.current()
	if now == "" {
		return nil
	}
	list := []model{}
	for _, name := range one.modelNames(ctx, now) {
		list = append(list, model{name, oneLine(name)})
	}
	return map[string]any{"currentModelId": now, "availableModels": list}
}

// setMode takes effect in its turn among the messages: the next one may be a prompt for that agent and its rules.
func (s *Server) setMode(p modeParams) (any, error) {
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	return nil, one.choose(p.ModeID, "")
}

func (s *Server) setModel(ctx context.Context, p modelParams) (any, error) {
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	return nil, one.chooseModel(ctx, p.ModelID)
}

// setOption takes an agent in its turn, as setMode does; which models there are takes time to find out.
func (s *Server) setOption(p optionParams) (any, error) {
	one, err := s.find(p.SessionID)
	if err != nil {
		return nil, err
	}
	switch p.ConfigID {
	case modeOption:
		err = one.choose(p.Value, "")
	case modelOption:
	default:
		err = invalid("configId %s is not one of mode, model", quoted(p.ConfigID))
	}
	if err != nil {
		return nil, err
	}
	return later(func(ctx context.Context) (any, error) {
		if p.ConfigID == modelOption {
			if err := one.chooseModel(ctx, p.Value); err != nil {
				return nil, err
			}
		}
		return map[string]any{"configOptions": one.options(ctx)}, nil
	}), nil
}

func (one *session) chooseModel(ctx context.Context, name string) error {
	if _, now := one.current(); !slices.Contains(one.modelNames(ctx, now), name) {
		return invalid("the model %s is not one of those on offer; `opencode-lsp models` lists them", quoted(name))
	}
	return one.choose("", name)
}

// choose takes an agent or a model for the prompts from here on.
func (one *session) choose(mode, model string) error {
	if mode != "" {
		if err := one.agent.Answering(mode); err != nil {
			return invalid("%s", err)
		}
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.mode, one.model = cmp.Or(mode, one.mode), cmp.Or(model, one.model)
	return nil
}

// changed tells the client of another agent or model that the session has got.
func (one *session) changed() {
	mode, _ := one.current()
	one.update(map[string]string{"sessionUpdate": "current_mode_update", "currentModeId": mode})
	one.update(map[string]any{"sessionUpdate": "config_option_update", "configOptions": one.options(one.ctx)})
}
