//go:build unix

package main

import (
	"testing"
)

// The checklist of server mode (SECURITY.md), each point against the running binary.
func TestServe(t *testing.T) {
	for _, point := range []struct {
		name string
		test func(*testing.T)
	}{
		{"01-stdio", serveStdio},
		{"02-password", servePassword},
		{"03-bind", serveBind},
		{"04-before-routing", serveBeforeRouting},
		{"05-constant-time", serveCompare},
		{"06-credentials", serveCredentials},
		{"07-host", serveHost},
		{"08-origin", serveOrigin},
		{"09-no-cors", serveNoCORS},
		{"10-json", serveJSON},
		{"11-streams", serveStream},
		{"12-rate", serveRate},
		{"13-header", serveHeader},
		{"13-body", serveBody},
		{"13-slow", serveSlow},
		{"13-connections", serveConnections},
		{"13-subscribers", serveSubscribers},
		{"13-slow-reader", serveSlowReader},
		{"14-framing", serveFraming},
		{"15-gate", serveGate},
		{"15-remote-approval", serveRemoteApproval},
		{"15-own-rules", serveLimits},
		{"16-files", serveFiles},
		{"17-headers", serveHeaders},
		{"18-errors", serveErrors},
		{"19-secrets", serveSecrets},
		{"20-tls", serveTLS},
		{"21-shutdown", serveShutdown},
		{"21-shutdown-busy", serveShutdownBusy},
		{"22-random", serveRandom},
	} {
		t.Run(point.name, func(t *testing.T) {
			t.Parallel()
			point.test(t)
		})
	}
}

const health = "/global/health"
