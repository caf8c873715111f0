package llm_test

import (
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

func TestCatalogue(t *testing.T) {
	c := llm.Shipped()
	for _, p := range llm.Providers() {
		for _, name := range c.Models(p.ID) {
			e, ok := c.Find(name)
			if !ok || e.Name != name || e.Title == "" || e.Price.Input <= 0 || e.Price.Output < e.Price.Input || e.Context < 0 || e.Output > e.Context && e.Context > 0 {
				t.Errorf("%s: %+v, %t", name, e, ok)
			}
		}
	}
	if e, _ := c.Find("openai/gpt-5"); e.Context != 272_000 || e.Price != (agent.Price{Input: 1.25, Output: 10, CacheRead: 0.125}) || !e.Images || e.PDFs {
		t.Errorf("gpt-5 is %+v", e)
	}
	if _, ok := c.Find("nobody/knows"); ok {
		t.Error("an unknown model is known")
	}
}

func TestReadCatalogue(t *testing.T) {
	c, err := llm.ReadCatalogue([]byte(`{"p":{"models":{"good":{"limit":{"context":-5}},"odd":{"limit":"all"}}},"q":{"name":"Q"}}`))
	if err != nil || len(c.Models("p")) != 1 || len(c.Models("q")) != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "[]", "{}", `{"p":{}}`, "<html>"} {
		if _, err := llm.ReadCatalogue([]byte(bad)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
