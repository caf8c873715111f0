package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// maxRead is the size in bytes above which a file is refused instead of being read into memory (workspace.MaxFile).
const maxRead = 20 << 20

// patchHead is a line of a patch that names a file. It is read more loosely than any tool does, so that none is missed.
// It is compiled at its first use: only `permission check --batch` has one.
var patchHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*\*\*\*\s*(?:add|update|delete|move|copy|rename)[^:]*:(.*)$`)
})

// patched are the files that a patch names.
func (q query) patched(p permission.Place) []permission.Item {
	var items []permission.Item
	for line := range strings.SplitSeq(q.Input, "\n") {
		m := patchHead().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		items = append(items, permission.FileItems("edit", q.home(strings.TrimSpace(m[1])), p)...)
	}
	return items
}

// match finds the files of the line's context that a pattern stands for.
func (q query) match(pattern string) ([]string, bool) {
	var out []string
	dir, below := strings.CutSuffix(pattern, "/**")
	for _, name := range slices.Sorted(maps.Keys(q.Ctx.Files)) {
		if ok, err := path.Match(pattern, name); ok || err == nil && below && (name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")) {
			out = append(out, name)
		}
	}
	return out, true
}

// atUse says why the operation fails at the moment of use, whatever was answered before.
func (q query) atUse() error {
	switch {
	case q.Ctx.SwapAfterAsk != "":
		return errors.New("the file changed while the question was open; read it again")
	case q.Ctx.Size > maxRead:
		return fmt.Errorf("the file has %d bytes and at most %d are read; search in it instead", q.Ctx.Size, maxRead)
	}
	return nil
}

// hops are the redirects of a fetch in their order: a list, one address, or a map from each address to the next.
type hops struct {
	list []string
	next map[string]string
}

// UnmarshalJSON takes the three shapes; in a list an object may stand for its "to", "location" or "url".
func (h *hops) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("redirects: %w", err)
	}
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			h.list = append(h.list, target(one))
		}
	case map[string]any:
		h.next = map[string]string{}
		for from, to := range v {
			h.next[from] = target(to)
		}
		if to := target(v); to != "" {
			h.list, h.next = []string{to}, nil
		}
	default:
		h.list = []string{target(v)}
	}
	if slices.Contains(h.list, "") || slices.Contains(slices.Collect(maps.Values(h.next)), "") {
		return errors.New("redirects: an address is missing")
	}
	return nil
}

// target is the address that one redirect leads to, "" where none is given.
func target(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		for _, key := range [...]string{"to", "location", "Location", "url"} {
			if s, ok := v[key].(string); ok {
				return s
			}
		}
	}
	return ""
}

// names are the addresses that names resolve to, a list or one.
type names map[string][]string

// UnmarshalJSON takes both shapes.
func (n *names) UnmarshalJSON(data []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("dns: %w", err)
	}
	*n = names{}
	for name, value := range raw {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, one := range list {
			(*n)[name] = append((*n)[name], fmt.Sprint(one))
		}
	}
	return nil
}

// from are all addresses that a fetch of first asks for.
func (h hops) from(first string) ([]string, error) {
	out := []string{first}
	for _, to := range h.list {
		next, err := resolved(out[len(out)-1], to)
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	for len(out) <= len(h.next) {
		to, ok := h.next[out[len(out)-1]]
		if !ok {
			break
		}
		next, err := resolved(out[len(out)-1], to)
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	return out, nil
}

// resolved is the address that a redirect leads to, which may be relative.
func resolved(from, to string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", fmt.Errorf("read redirect of %s: %w", from, err)
	}
	ref, err := base.Parse(to)
	if err != nil {
		return "", fmt.Errorf("read redirect to %s: %w", to, err)
	}
	return ref.String(), nil
}

// address is the URL and every redirect of it, by their texts and by what their names are known to resolve to.
func (q query) address() ([]permission.Item, error) {
	if _, err := permission.URLItems(q.Input); err != nil {
		return nil, err
	}
	urls, err := q.Ctx.Redirects.from(q.Input)
	if err != nil {
		return nil, err
	}
	var items []permission.Item
	for _, raw := range urls {
		its, err := permission.URLItems(raw)
		if err != nil {
			return nil, err
		}
		items = append(items, its...)
	}
	led, err := q.led(urls)
	return append(items, led...), err
}

// led are the items of the addresses that names resolve to; a name that no URL spells is the first one's.
func (q query) led(urls []string) ([]permission.Item, error) {
	var items []permission.Item
	for _, name := range slices.Sorted(maps.Keys(q.Ctx.DNS)) {
		raw := urls[0]
		if i := slices.IndexFunc(urls, func(s string) bool { return strings.Contains(s, "://"+name) }); i >= 0 {
			raw = urls[i]
		}
		for _, text := range q.Ctx.DNS[name] {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("dns of %s: %w", name, err)
			}
			it, ok, err := permission.ResolvedItem(raw, addr)
			if err != nil {
				return nil, err
			}
			if ok {
				items = append(items, it)
			}
		}
	}
	return items, nil
}
