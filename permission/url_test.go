package permission

import (
	"net/netip"
	"testing"
)

func TestURLItems(t *testing.T) {
	for _, c := range []struct {
		raw, value, always string
		strict             Strictness
	}{
		{"https://docs.example.com/a?b=c#d", "https://docs.example.com/a?b=c", "https://docs.example.com/*", ByRule},
		{"HTTPS://Docs.Example.com.:443", "https://docs.example.com/", "https://docs.example.com/*", ByRule},
		{"http://x.example:8080/a%20b", "http://x.example:8080/a%20b", "http://x.example:8080/*", ByRule},
		{"http://localhost:3000/", "http://localhost:3000/", "", ByNamedRule},
		{"http://2130706433/", "http://2130706433/", "", ByNamedRule},
		{"http://[::1]:80/", "http://[::1]/", "", ByNamedRule},
		{"http://169.254.169.254/", "http://169.254.169.254/", "", DenyUnlessNamed},
		{"https://dосs.example/", "https://dосs.example/", "", AlwaysAsk},
		{"https://x.example/a/../b", "https://x.example/a/../b", "", AlwaysAsk},
	} {
		items, err := URLItems(c.raw)
		if err != nil || len(items) != 1 {
			t.Errorf("%s: %v, %v", c.raw, items, err)
			continue
		}
		it := items[0]
		if it.Values[0] != c.value || it.Always != c.always || it.Strictness != c.strict || (it.Why == "") != (c.strict == ByRule) || !it.URL {
			t.Errorf("%s: got %+v", c.raw, it)
		}
	}
	for _, raw := range []string{"", "file:///etc/passwd", "https://u@h/", "https://h /", `https://h\x/`, "https:///x", "https:x", "https://h\u200b/", "ftp://h/"} {
		if items, err := URLItems(raw); err == nil {
			t.Errorf("%q is taken as %+v", raw, items)
		}
	}
}

func TestLocalHostsByName(t *testing.T) {
	p := Policy{Layers: []Layer{{Name: "user", Rules: ruleList(t, "webfetch *=allow", "webfetch http://localhost:3000/*=allow", "webfetch http://169.254.169.254/latest/*=ask")}}}
	for raw, want := range map[string]Action{
		"http://localhost:3000/a": Allow, "http://localhost:4000/a": Ask, "http://127.0.0.1/": Ask,
		"http://169.254.169.254/latest/x": Ask, "http://169.254.169.254/": Deny,
	} {
		items, err := URLItems(raw)
		if err != nil {
			t.Fatal(err)
		}
		if v := p.Judge(items[0]); v.Action != want {
			t.Errorf("%s: got %s (%s), want %s", raw, v.Action, v.Reason, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for addr, want := range map[string]Strictness{
		"8.8.8.8": ByRule, "2606:4700::1": ByRule, "127.0.0.1": ByNamedRule, "::1": ByNamedRule, "10.1.2.3": ByNamedRule, "fd00::1": ByNamedRule,
		"fe80::1%eth0": ByNamedRule, "::ffff:10.0.0.1": ByNamedRule, "64:ff9b::a00:1": ByNamedRule, "2002:a00:1::": ByNamedRule, "100.64.1.1": ByNamedRule,
		"169.254.169.254": DenyUnlessNamed, "::ffff:169.254.169.254": DenyUnlessNamed, "100.100.100.200": DenyUnlessNamed, "0.0.0.0": ByNamedRule, "224.0.0.1": ByNamedRule,
	} {
		if got, why := judgeAddress(netip.MustParseAddr(addr)); got != want || (why == "") != (want == ByRule) {
			t.Errorf("%s: got %d (%s), want %d", addr, got, why, want)
		}
	}
}

func TestResolvedItem(t *testing.T) {
	for _, c := range []struct {
		raw, addr, named string // "": needs no judgement of its own
	}{
		{"https://a.example/x", "8.8.8.8", ""}, {"https://a.example/x", "10.0.0.1", "10.0.0.1"}, {"http://a.example:8080/", "10.0.0.1", "10.0.0.1:8080"},
		{"http://a.example:80/", "::1", "[::1]"}, {"http://10.0.0.1:8080/", "10.0.0.1", ""}, {"http://[fe80::1%25eth0]/", "fe80::1%eth0", ""},
		{"http://0x7f.1/", "127.0.0.1", ""}, {"http://127.0.0.1/", "127.0.0.2", "127.0.0.2"}, {"http://localhost:3000/", "::1", ""},
		{"http://a.localhost./", "127.0.0.1", ""}, {"http://localhost/", "10.0.0.1", "10.0.0.1"}, {"http://metadata.example/", "169.254.169.254", "169.254.169.254"},
	} {
		it, ok, err := ResolvedItem(c.raw, netip.MustParseAddr(c.addr))
		if err != nil || ok != (c.named != "") || ok && (it.Named[0] != c.named || it.Always != "" || it.Strictness == ByRule) {
			t.Errorf("%s at %s: %v %v %+v, want %q", c.raw, c.addr, ok, err, it, c.named)
		}
	}
}

func TestMatchURL(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"*", "https://a.b/c", true}, {"https://*", "https://a.b/c", true}, {"https://a.b/*", "https://a.b/", true},
		{"https://a.b", "https://a.b/", true}, {"https://a.b", "https://a.b/c", false}, {"https://a.b*", "https://a.b/c", true},
		{"https://a.b*", "https://a.b.evil/c", false}, {"https://*.a.b/*", "https://x.y.a.b/", true}, {"https://*.a.b/*", "https://evil/.a.b/c", false},
		{"https://a.b/*", "http://a.b/", false}, {"https://a.b/c/*", "https://a.b/d", false}, {"https://a.b:*/*", "https://a.b:8080/x", true},
	} {
		if got := matchURL(c.pattern, c.value); got != c.want {
			t.Errorf("matchURL(%q, %q) = %v", c.pattern, c.value, got)
		}
	}
}
