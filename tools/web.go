package tools

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Web is how webfetch reaches the network. The two steps are apart so that the very address which was judged is the one
// that is connected to: a name is looked up once, and an answer that changes meanwhile (DNS rebinding) changes nothing.
type Web struct {
	// Lookup gives the addresses of a host name, the best first.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial connects to one address by TCP.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// TLS, if set, is used for https; it must not be changed.
	TLS *tls.Config
}

// way says which addresses a fetch may connect to: those that need no judgement of their own, and the one that passed the
// gate by itself.
type way struct{ allowed netip.Addr }

// heldError says that nothing was sent, since the host's name leads to an address that the gate must judge first.
type heldError struct {
	addr netip.Addr
	item permission.Item
}

func (e *heldError) Error() string { return e.item.Why }

// dial connects to a host for [net/http.Transport] on behalf of an address.
func (w way) dial(web *Web, address string) func(ctx context.Context, network, hostPort string) (net.Conn, error) {
	return func(ctx context.Context, _, hostPort string) (net.Conn, error) {
		host, port, err := splitHostPort(hostPort)
		if err != nil {
			return nil, err
		}
		addrs, err := w.addresses(ctx, web, host)
		if err != nil {
			return nil, err
		}
		return w.first(ctx, web, address, addrs, port)
	}
}

func splitHostPort(hostPort string) (string, uint16, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return host, uint16(n), err
}

// addresses are those that the host stands for; the one that was allowed is not looked up again.
func (w way) addresses(ctx context.Context, web *Web, host string) ([]netip.Addr, error) {
	if w.allowed.IsValid() {
		return []netip.Addr{w.allowed}, nil
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	addrs, err := web.Lookup(ctx, host)
	switch dns := (*net.DNSError)(nil); {
	case errors.As(err, &dns) && dns.IsNotFound:
		return nil, fmt.Errorf("there is no host %s; check the address", host)
	case err != nil:
		return nil, fmt.Errorf("look up %s: %w", host, err)
	case len(addrs) == 0:
		return nil, fmt.Errorf("the host %s has no address", host)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap() // how resolvers give IPv4
	}
	return addrs, nil
}

// first connects to the first address that may be used and answers. Where none does and some were held back it says so.
func (w way) first(ctx context.Context, web *Web, address string, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var held *heldError
	var failed error
	for _, addr := range addrs {
		item, asks, err := permission.ResolvedItem(address, addr)
		if err != nil {
			return nil, err
		}
		if asks && addr != w.allowed {
			if held == nil {
				held = &heldError{addr, item}
			}
			continue
		}
		conn, err := web.Dial(ctx, netip.AddrPortFrom(addr, port))
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		failed = err
	}
	if held != nil {
		return nil, held
	}
	return nil, failed
}
