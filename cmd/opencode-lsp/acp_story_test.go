package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing/synctest"
)

// story is the updates so far in short, one a line; it forgets them.
func (c *acpClient) story() string {
	synctest.Wait()
	return c.soFar()
}

// soFar is the story without waiting for the rest.
func (c *acpClient) soFar() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	last := ""
	for _, u := range c.updates {
		kind, _, isText := strings.Cut(u["sessionUpdate"].(string), "_chunk")
		if line := tell(u); isText && kind == last {
			b.WriteString(strings.TrimPrefix(line, kind+" "))
		} else if line != "" {
			b.WriteString("\n" + line)
		} else {
			continue
		}
		last = kind
	}
	c.updates = nil
	return strings.ReplaceAll(b.String(), c.dir, "DIR") + "\n"
}

// tell is an update in short. Pieces of text are joined to what stands before.
func tell(u map[string]any) string {
	kind := u["sessionUpdate"].(string)
	switch kind {
	case "agent_message_chunk", "user_message_chunk", "agent_thought_chunk":
		content := u["content"].(map[string]any)
		if content["type"] != "text" {
			return fmt.Sprintf("%s (%v)", strings.TrimSuffix(kind, "_chunk"), content["mimeType"])
		}
		return fmt.Sprintf("%s %v", strings.TrimSuffix(kind, "_chunk"), content["text"])
	case "tool_call", "tool_call_update":
		text := fmt.Sprintf("%s %v %v", kind, u["toolCallId"], u["status"])
		if kind == "tool_call" {
			text += fmt.Sprintf(" %v %v", u["kind"], u["title"])
		}
		for _, c := range list(u["content"]) {
			c := c.(map[string]any)
			switch c["type"] {
			case "diff":
				text += fmt.Sprintf(" diff %v", c["path"])
			case "terminal":
				text += fmt.Sprintf(" terminal %v", c["terminalId"])
			}
		}
		return text
	case "plan":
		data, _ := json.Marshal(u["entries"])
		return "plan " + string(data)
	case "usage_update":
		return fmt.Sprintf("usage of %v, cost %v", u["size"], u["cost"] != nil)
	case "notice":
		return fmt.Sprintf("notice %v", u["title"])
	case "available_commands_update", "session_info_update":
		return ""
	}
	return kind
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
