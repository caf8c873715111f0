package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Listening is where a server is to be reached, and by whom.
type Listening struct {
	// User and Password are what clients must know, by HTTP Basic; see MinPassword.
	User, Password string
	// Hostname is a name or address of this machine; "" stands for 127.0.0.1 and, where there is one, ::1.
	Hostname string
	// Port is the port, 0 for 4096 or, where that is taken, any that is free.
	Port int
	// Names are further names by which clients reach the server, without port or with another, as behind a proxy.
	Names []string
	// Certificate turns TLS on.
	Certificate *tls.Certificate
	// InsecurePlaintext allows addresses off this machine without TLS: everybody on the way reads the password.
	InsecurePlaintext bool
}

// firstPort is tried first where none is named, as OpenCode does.
const firstPort = 4096

// ErrPlaintext says that a server would be reached from other machines without TLS.
var ErrPlaintext = errors.New("is reached from other machines, where the password would pass in the clear: give --tls-cert and --tls-key, or --insecure-plaintext if you want that")

// Listen opens the listeners; nothing is answered before Serve. Its errors are for the user.
func Listen(ctx context.Context, opt Listening) (*Server, error) {
	who, err := newIdentity(opt.User, opt.Password)
	if err != nil {
		return nil, err
	}
	addrs, err := addresses(ctx, opt.Hostname)
	if err != nil {
		return nil, err
	}
	if !opt.InsecurePlaintext && opt.Certificate == nil && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !a.IsLoopback() }) {
		return nil, fmt.Errorf("--hostname %s %w", opt.Hostname, ErrPlaintext)
	}
	listeners, err := listenAny(ctx, addrs, opt.Port)
	if err != nil {
		return nil, err
	}
	return newServer(opt, who, addrs, listeners), nil
}

// addresses are those to listen on: both of the loopback interface where nothing else is named, so that nobody else can sit
// on the other one and be taken for us.
func addresses(ctx context.Context, hostname string) ([]netip.Addr, error) {
	if hostname == "" || hostname == "localhost" {
		loop := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		if hasIPv6Loopback() {
			loop = append(loop, netip.IPv6Loopback())
		}
		return loop, nil
	}
	if addr, err := netip.ParseAddr(hostname); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", hostname)
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("--hostname %q is no name or address of this machine", hostname)
	}
	for i, addr := range found {
		found[i] = addr.Unmap()
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found), nil
}

func hasIPv6Loopback() bool {
	all, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(net.IPv6loopback)
	})
}

// tries is how often a free port is looked for that all addresses have.
const tries = 10

func listenAny(ctx context.Context, addrs []netip.Addr, port int) ([]net.Listener, error) {
	if port != 0 {
		return listenAll(ctx, addrs, port)
	}
	listeners, err := listenAll(ctx, addrs, firstPort)
	for i := 0; err != nil && i < tries && ctx.Err() == nil; i++ {
		listeners, err = listenAll(ctx, addrs, 0)
	}
	return listeners, err
}

// listenAll listens on one port of all addresses, or on none.
func listenAll(ctx context.Context, addrs []netip.Addr, port int) ([]net.Listener, error) {
	var open []net.Listener
	for _, addr := range addrs {
		network := "tcp4"
		if addr.Is6() {
			network = "tcp6"
		}
		if addr.Is6() && addr.IsUnspecified() {
			network = "tcp" // with IPv4, as its users expect
		}
		var config net.ListenConfig
		l, err := config.Listen(ctx, network, net.JoinHostPort(addr.String(), strconv.Itoa(port)))
		if err != nil {
			for _, l := range open {
				l.Close()
			}
			return nil, fmt.Errorf("cannot listen: %w", err)
		}
		port = portOf(l)
		open = append(open, l)
	}
	return open, nil
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// hosts are the exact values of Host under which the server is known: in lower case, as browsers and fetch write names.
func (opt Listening) hosts(addrs []netip.Addr, port int) []string {
	var names []string
	if opt.Hostname != "" {
		names = append(names, opt.Hostname)
	}
	for _, a := range addrs {
		names = append(names, a.String())
		if a.IsLoopback() || a.IsUnspecified() {
			names = append(names, "localhost")
		}
	}
	var hosts []string
	for _, name := range append(names, opt.Names...) {
		name = strings.ToLower(name)
		host, at, err := net.SplitHostPort(name)
		if err != nil {
			host, at = strings.Trim(name, "[]"), strconv.Itoa(port)
		}
		hosts = append(hosts, spellings(host, at)...)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// spellings are the values of Host by which clients name a host and port: the ports 80 and 443 are left out.
func spellings(host, port string) []string {
	list := []string{net.JoinHostPort(host, port)}
	if port == "80" || port == "443" {
		list = append(list, strings.TrimSuffix(net.JoinHostPort(host, ""), ":"))
	}
	return list
}

func (opt Listening) scheme() string {
	if opt.Certificate != nil {
		return "https"
	}
	return "http"
}
