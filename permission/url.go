package permission

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// longQuery is the length in bytes from which a query is more likely to carry data out than to ask for something.
const longQuery = 400

// longPath is the same for a path, where long names are common.
const longPath = 1000

// URLItems are the items of fetching an address. It is an error where the address must not be fetched at all: another
// scheme than http and https, a user name in it, no host, text that is no address. Local and private hosts need a rule
// that names them; a cloud's metadata service is denied without one.
func URLItems(raw string) ([]Item, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, err
	}
	it := Item{Permission: "webfetch", URL: true, Aliases: []string{raw}}
	head := u.Scheme + "://" + hostOf(u)
	it.Values = []string{head + pathOf(u)}
	it.Aliases = append(it.Aliases, head)
	it.Always = head + "/*"
	it.Strictness, it.Why = host(u.Hostname())
	switch {
	case it.Strictness != ByRule:
		it.Named, it.Always = []string{hostOf(u)}, ""
	case oddPath(u.EscapedPath()):
		it.Strictness, it.Why, it.Always = AlwaysAsk, "its path is written so that two programs may read it differently", ""
	case len(u.RawQuery) > longQuery || len(u.EscapedPath()) > longPath:
		it.Strictness, it.Why, it.Always = ByBareRule, "it is so long that it may carry data out", ""
	}
	return []Item{it}, nil
}

func parseURL(raw string) (*url.URL, error) {
	if strings.ContainsAny(raw, " \t\r\n\\") || Hidden(raw) {
		return nil, errors.New("the address holds blanks, backslashes or characters that cannot be seen; write it without them")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the scheme %q is not http or https; nothing else is fetched", u.Scheme)
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("the address names no host; write it as https://host/path")
	case badHost(u):
		return nil, errors.New("the address has a host or port that cannot be; write it as https://host/path")
	case u.User != nil:
		return nil, errors.New("the address holds a user name; leave out what stands before the @")
	}
	return u, nil
}

// badHost finds empty labels and ports that do not exist: what they lead to differs from program to program.
func badHost(u *url.URL) bool {
	h := strings.TrimSuffix(u.Hostname(), ".")
	if h == "" || strings.HasPrefix(h, ".") || strings.Contains(h, "..") {
		return true
	}
	if u.Port() == "" {
		return strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err != nil || n == 0
}

// hostOf is the host as rules see it: lower case, no final dot, no default port.
func hostOf(u *url.URL) string {
	h := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	if u.Port() == "" || u.Port() == defaultPort(u) {
		return h
	}
	return h + ":" + u.Port()
}

func defaultPort(u *url.URL) string {
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

func pathOf(u *url.URL) string {
	p := u.EscapedPath()
	if p == "" {
		p = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		p += "?" + u.RawQuery
	}
	return p
}

// oddPath finds dot segments and encoded separators: servers disagree about them.
func oddPath(p string) bool {
	low := strings.ToLower(p)
	for _, s := range [...]string{"%2f", "%5c", "%00", "%25", ";"} {
		if strings.Contains(low, s) {
			return true
		}
	}
	return slices.ContainsFunc(strings.Split(strings.ReplaceAll(low, "%2e", "."), "/"), func(seg string) bool {
		return seg == "." || seg == ".."
	})
}

// host says how a host is to be treated by its name or literal address.
func host(name string) (Strictness, string) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e }) {
		return AlwaysAsk, "its host holds letters outside ASCII that may look like others"
	}
	if slices.Contains([]string{"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal", "metadata.azure.com", "metadata.goog",
		"metadata.azure.internal", "metadata.tencentyun.com", "metadata.platformequinix.com", "metadata.packet.net", "rancher-metadata"}, name) {
		return DenyUnlessNamed, "it is a cloud's metadata service, which hands out credentials"
	}
	if a, ok := parseAddr(name); ok {
		return judgeAddress(a)
	}
	if !strings.Contains(name, ".") {
		return ByNamedRule, "it is a host of the local network"
	}
	for _, suffix := range [...]string{".localhost", ".local", ".internal", ".lan", ".home.arpa", ".home", ".corp", ".intranet",
		".nip.io", ".sslip.io", ".xip.io", ".localtest.me", ".lvh.me", ".vcap.me",
		".localdomain", ".private", ".test", ".invalid", ".onion", ".svc", ".fritz.box", ".traefik.me", ".local.gd"} {
		if strings.HasSuffix(name, suffix) || name == suffix[1:] {
			return ByNamedRule, "it is a host of the local network"
		}
	}
	return ByRule, ""
}

// judgeAddress says how an address is to be treated, for literal hosts here and for the address that a connection is really
// made to: private and local ones need a rule that names the host, metadata services are denied without one.
func judgeAddress(a netip.Addr) (Strictness, string) {
	a = a.WithZone("").Unmap()
	if v4, ok := embedded(a); ok {
		a = v4
	}
	for _, s := range [...]string{"169.254.169.254", "169.254.170.2", "169.254.169.123", "100.100.100.200", "168.63.129.16", "192.0.0.192",
		"169.254.170.23", "169.254.0.23", "169.254.169.253", "169.254.169.249", "169.254.42.42",
		"fd00:ec2::254", "fd20:ce::254"} {
		if a == netip.MustParseAddr(s) {
			return DenyUnlessNamed, "it is a cloud's metadata service, which hands out credentials"
		}
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || special(a) {
		return ByNamedRule, "it is an address " + ownNetwork
	}
	return ByRule, ""
}

// ownNetwork is where the addresses are that need a rule which names them.
const ownNetwork = "of this machine or its network"

// special are the reserved ranges that netip has no word for.
func special(a netip.Addr) bool {
	for _, s := range [...]string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "fec0::/10", "2001:db8::/32", "100::/64"} {
		if netip.MustParsePrefix(s).Contains(a) {
			return true
		}
	}
	return false
}

// embedded finds the IPv4 address that NAT64, 6to4 and IPv4-compatible addresses lead to.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a), netip.MustParsePrefix("64:ff9b:1::/48").Contains(a),
		netip.MustParsePrefix("::/96").Contains(a) && !a.IsLoopback() && !a.IsUnspecified():
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("::ffff:0:0:0/96").Contains(a), // SIIT
		b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe && b[8]&^2 == 0: // ISATAP
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("2001::/32").Contains(a): // Teredo hides the address behind its complement
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return a, false
}

// ResolvedItem is the item of a connection to addr for the address raw, whose host resolves to it; ok is false where
// addr needs no judgement of its own. A rule must spell the local address itself: that a name is allowed does not say
// that it may lead into the user's own network.
func ResolvedItem(raw string, addr netip.Addr) (it Item, ok bool, err error) {
	u, err := parseURL(raw)
	if err != nil {
		return Item{}, false, err
	}
	strict, why := judgeAddress(addr)
	if strict == ByRule {
		return Item{}, false, nil
	}
	if saidBy(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), addr.WithZone("").Unmap()) {
		return Item{}, false, nil // the text says it and was judged
	}
	named := hostOf(&url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(addr.WithZone("").Unmap().String(), cmp.Or(u.Port(), defaultPort(u)))})
	if strict == ByNamedRule {
		why = "it leads to " + named + " " + ownNetwork // short enough for a line of a prompt
	}
	head := u.Scheme + "://" + named
	return Item{
		Permission: "webfetch", URL: true, Values: []string{head + pathOf(u)}, Aliases: []string{raw, u.Scheme + "://" + hostOf(u) + pathOf(u)},
		Strictness: strict, Why: why, Named: []string{named},
	}, true, nil
}

// saidBy reports whether a host's text already says that it is this address: written out, or localhost, which is loopback
// and nothing else (RFC 6761, 6.3).
func saidBy(host string, addr netip.Addr) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return addr.IsLoopback()
	}
	literal, ok := parseAddr(host)
	return ok && literal.WithZone("").Unmap() == addr
}

// parseAddr reads every form of address that some resolver takes: IPv6, and IPv4 of one to four decimal, octal or
// hexadecimal numbers.
func parseAddr(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, true
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var n uint64
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 0, 64)
		if err != nil { // 08 and the like: a decimal to some
			if v, err = strconv.ParseUint(part, 10, 64); err != nil {
				return netip.Addr{}, false
			}
		}
		if i == len(parts)-1 {
			n += v
			break
		}
		n += (v & 0xff) << (8 * (3 - i))
	}
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), true
}

// splitURL cuts an address or a pattern behind its host.
func splitURL(s string) (head, tail string) {
	from := 0
	if i := strings.Index(s, "://"); i >= 0 {
		from = i + 3
	}
	if i := strings.IndexByte(s[from:], '/'); i >= 0 {
		return s[:from+i], s[from+i:]
	}
	return s, ""
}

// matchURL matches as an allow rule for addresses does: scheme, host and port by themselves, then the rest. A star in
// the host part stays in the host; one that ends a pattern right behind a host name stands for the path only, so that
// https://docs.example* is no grant for docs.example.evil.
func matchURL(pattern, value string) bool {
	ph, pt := splitURL(pattern)
	vh, vt := splitURL(value)
	if pt == "" {
		bare, star := strings.CutSuffix(ph, "*")
		if star && strings.Contains(bare, ".") {
			ph = strings.TrimSuffix(bare, "*")
		}
		return Wildcard(ph, vh) && (star || vt == "/")
	}
	return Wildcard(ph, vh) && Wildcard(pt, vt)
}
