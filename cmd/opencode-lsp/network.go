package main

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// connectWithin bounds one attempt to connect, so that an address that does not answer leaves time for the next.
const connectWithin = 10 * time.Second

// network is the way to the web: the system's resolver, and connections to the very addresses that were judged. There is no
// proxy, which would look names up and connect where nobody judges it.
func network() *tools.Web {
	dialer := net.Dialer{Timeout: connectWithin}
	return &tools.Web{
		Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", to.String())
		},
	}
}
