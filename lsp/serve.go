package lsp

import (
	"context"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"
)

// ServeArgs are the arguments of opencode.serve; they mean what the flags of `opencode-lsp serve` mean.
type ServeArgs struct {
	Port              int      `json:"port"`
	Hostname          string   `json:"hostname"`
	AllowHost         []string `json:"allowHost"`
	TLSCert           string   `json:"tlsCert"`
	TLSKey            string   `json:"tlsKey"`
	InsecurePlaintext bool     `json:"insecurePlaintext"`
	RemoteApproval    bool     `json:"remoteApproval"`
	// Stop ends the server instead.
	Stop bool `json:"stop"`
}

// Serving is where the sessions of the editor are served over HTTP; without a URL they are not.
type Serving struct {
	URL string `json:"url,omitempty"`
	// PasswordFile holds the password where one was made, for want of one in the environment.
	PasswordFile string `json:"passwordFile,omitempty"`
}

// serve starts or stops the HTTP server of this editor's sessions, and tells the user where it is: other programs may send
// commands, too.
func (s *Server) serve(ctx context.Context, a *Agent, args ServeArgs) (any, error) {
	if a.Serve == nil {
		return nil, rpcError(codeRequestFailed, "this server cannot serve HTTP")
	}
	at, err := a.Serve(ctx, args)
	if err != nil {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
	}
	switch {
	case at.URL == "":
		s.showMessage(protocol.MessageTypeInfo, "OpenCode: HTTP is closed")
	case at.PasswordFile != "":
		s.showMessage(protocol.MessageTypeInfo, "OpenCode serves this workspace at "+at.URL+"; the password is in "+at.PasswordFile)
	default:
		s.showMessage(protocol.MessageTypeInfo, "OpenCode serves this workspace at "+at.URL)
	}
	return at, nil
}
