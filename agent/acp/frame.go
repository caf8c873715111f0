package acp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxMessage bounds a message in bytes: a prompt with images is one. A longer one is refused and passed over.
const maxMessage = 64 << 20

// The error codes of JSON-RPC 2.0 and of ACP v1 (schema ErrorCode).
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeUnknownMethod  = -32601
	codeInvalidParams  = -32602
	codeInternal       = -32603
	codeCancelled      = -32800
	codeNotFound       = -32002
)

// message is any JSON-RPC 2.0 message.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// Error is a refusal, by us or by the client. Its text is one sentence.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// errTooLong says that a line was longer than [maxMessage] and was passed over.
var errTooLong = errors.New("the message is longer than 64 MiB")

// readLine reads one line without its end. It ends with io.EOF; a last line without an end counts.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxMessage; !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case long && (err == nil || err == io.EOF):
			return nil, errTooLong
		case err == io.EOF && len(line) > 0:
			return line, nil
		case err != nil:
			return nil, err
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

// parse reads one message. The id of what is wrong with it is kept where there is one, for the answer.
func parse(line []byte) (m message, fault *Error) {
	switch {
	case !utf8.Valid(line):
		return m, &Error{Code: codeParse, Message: "the message is not valid UTF-8"}
	case !json.Valid(line):
		return m, &Error{Code: codeParse, Message: "the message is not valid JSON; each line is one message"}
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return message{}, &Error{Code: codeInvalidRequest, Message: "the message is not one JSON-RPC 2.0 object"}
	}
	if !validID(m.ID) {
		m.ID = nil
		return m, &Error{Code: codeInvalidRequest, Message: "id is neither a number nor a string"}
	}
	switch answers := m.Result != nil || m.Error != nil; {
	case m.JSONRPC != "2.0":
		fault = &Error{Code: codeInvalidRequest, Message: `jsonrpc is not "2.0"`}
	case m.Method == "" && m.ID == nil:
		fault = &Error{Code: codeInvalidRequest, Message: "the message has neither method nor id"}
	case m.Method != "" && answers:
		fault = &Error{Code: codeInvalidRequest, Message: "the message is both request and response"}
	}
	return m, fault
}

// validID takes what JSON-RPC and ACP allow: a number, a string, null, or none.
func validID(id json.RawMessage) bool {
	return len(id) == 0 || id[0] != '{' && id[0] != '[' && id[0] != 't' && id[0] != 'f'
}
