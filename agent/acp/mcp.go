package acp

import (
	"encoding/json"
	"errors"
	"fmt"
)

// mcpServer is a server that the client wants the session to use; without a type it is a program.
type mcpServer struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Command string   `json:"command"`
	Args    []string `json:"args"`
	Env     []pair   `json:"env"`
	URL     string   `json:"url"`
	Headers []pair   `json:"headers"`
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (m mcpServer) check() error {
	switch {
	case m.Name == "":
		return errors.New("name is missing")
	case m.Type != "" && m.Type != "stdio" && m.Type != "http" && m.Type != "sse":
		return fmt.Errorf("type %q is not one of stdio, http, sse", m.Type)
	case m.remote():
		return need("url", m.URL)
	}
	return need("command", m.Command)
}

func (m mcpServer) remote() bool { return m.Type == "http" || m.Type == "sse" }

// mcpSettings are the servers as the section mcp of an opencode.json, nil for none.
func mcpSettings(servers []mcpServer) (json.RawMessage, error) {
	if len(servers) == 0 {
		return nil, nil
	}
	list := map[string]any{}
	for _, m := range servers {
		if m.remote() {
			list[m.Name] = map[string]any{"type": "remote", "url": m.URL, "headers": object(m.Headers)}
		} else {
			list[m.Name] = map[string]any{"type": "local", "command": append([]string{m.Command}, m.Args...), "environment": object(m.Env)}
		}
	}
	return json.Marshal(map[string]any{"mcp": list})
}

func object(pairs []pair) map[string]string {
	o := map[string]string{}
	for _, p := range pairs {
		o[p.Name] = p.Value
	}
	return o
}
