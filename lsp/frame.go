package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sourcegraph/jsonrpc2"
)

// Limits on what a client may send. A stream that breaks them cannot be read on, since nobody knows where the next message
// starts; it ends the connection.
const (
	maxHeaderLine = 8 << 10
	maxHeader     = 64 << 10
	maxFields     = 64
	maxBody       = 64 << 20
	maxDepth      = 200
	readChunk     = 64 << 10
)

// writeWithin is how long a client may take to read what is written; one that reads nothing for so long never will.
const writeWithin = time.Minute

// frames is a jsonrpc2.ObjectStream of LSP's base protocol. Unlike jsonrpc2's own codec it takes header names in any case,
// never allocates what a header only claims, and answers a body that is not JSON-RPC (-32700, -32600) instead of closing.
type frames struct {
	rwc io.ReadWriteCloser
	r   *bufio.Reader
	// lost, if set, is called when nothing can be written any more, or a write has waited for writeWithin.
	lost func()

	mu sync.Mutex // one message is written at a time
	w  *bufio.Writer
}

func newFrames(rwc io.ReadWriteCloser) *frames {
	return &frames{rwc: rwc, r: bufio.NewReaderSize(rwc, readChunk), w: bufio.NewWriter(rwc)}
}

// WriteObject implements [jsonrpc2.ObjectStream].
func (f *frames) WriteObject(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	defer time.AfterFunc(writeWithin, f.giveUp).Stop()
	fmt.Fprintf(f.w, "Content-Length: %d\r\n\r\n", len(data))
	f.w.Write(data)
	if err := f.w.Flush(); err != nil {
		f.giveUp()
		return err
	}
	return nil
}

// giveUp tells that the client reads no more.
func (f *frames) giveUp() {
	if f.lost != nil {
		f.lost()
	}
}

// ReadObject implements [jsonrpc2.ObjectStream]: it returns the next well-formed message.
func (f *frames) ReadObject(v any) error {
	for {
		body, err := readFrame(f.r)
		if err != nil {
			if !closed(err) {
				logger().Errorf("the connection ends, since what it carries is no LSP: %s", err)
			}
			return err
		}
		body, fault := checkMessage(body)
		if fault == nil {
			if err := json.Unmarshal(body, v); err == nil {
				return nil
			} else {
				fault = refuse(jsonrpc2.CodeInvalidRequest, err.Error())
			}
		}
		logger().Warningf("message refused: %s", fault.Error.Message)
		if fault.mute {
			continue
		}
		if err := f.WriteObject(fault); err != nil {
			return err
		}
	}
}

// closed reports whether a stream just ended: between two messages, or by our own hand.
func closed(err error) bool {
	return err == io.EOF || errors.Is(err, net.ErrClosed) || errors.Is(err, fs.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// Close implements [io.Closer].
func (f *frames) Close() error { return f.rwc.Close() }

// readFrame reads one header and its body. io.EOF means that the stream ended between two messages.
func readFrame(r *bufio.Reader) ([]byte, error) {
	length := -1
	for total, fields := 0, 0; ; fields++ {
		line, err := readLine(r)
		if total += len(line); total > maxHeader {
			return nil, errors.New("header block is larger than 64 KiB")
		}
		switch {
		case fields > maxFields:
			return nil, errors.New("header block has more than 64 headers")
		case err == io.EOF && total == 0:
			return nil, io.EOF
		case err != nil:
			return nil, fmt.Errorf("read header: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		if length, err = parseHeader(line, length); err != nil {
			return nil, err
		}
	}
	if length < 0 {
		return nil, errors.New("header has no Content-Length")
	}
	return readBody(r, length)
}

// readLine reads a header line of bounded length.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxHeaderLine {
			return "", errors.New("header line is longer than 8 KiB")
		}
		if err != bufio.ErrBufferFull {
			return string(line), err
		}
	}
}

// parseHeader reads one header field; length is what an earlier Content-Length said, -1 for none.
func parseHeader(line string, length int) (int, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return 0, fmt.Errorf("header line %q has no colon", line)
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "content-length":
		n, err := strconv.ParseUint(value, 10, 31)
		switch {
		case err != nil:
			return 0, fmt.Errorf("Content-Length %q is not a number", value)
		case n > maxBody:
			return 0, fmt.Errorf("Content-Length %d is larger than %d", n, maxBody)
		case length >= 0 && length != int(n):
			return 0, errors.New("two Content-Length headers disagree")
		}
		return int(n), nil
	case "content-type":
		value = strings.ToLower(value)
		_, charset, ok := strings.Cut(value, "charset=")
		if charset = strings.TrimLeft(charset, `"`); ok && !strings.HasPrefix(charset, "utf-8") && !strings.HasPrefix(charset, "utf8") {
			return 0, fmt.Errorf("charset %q is not utf-8", charset)
		}
	}
	return length, nil
}

// readBody reads length bytes in chunks, so that memory grows with what came and not with what was announced.
func readBody(r *bufio.Reader, length int) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(min(length, readChunk))
	n, err := io.CopyN(&body, r, int64(length))
	if err != nil {
		return nil, fmt.Errorf("read body (%d of %d bytes): %w", n, length, io.ErrUnexpectedEOF)
	}
	return body.Bytes(), nil
}

// envelope is what tells a request, a notification and a response apart.
type envelope struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  *string         `json:"method"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

// faultReply is an error response whose id may be null, which jsonrpc2 cannot express.
type faultReply struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Error   jsonrpc2.Error  `json:"error"`
	mute    bool            // the message was a response, which nobody answers: two such peers would never stop
}

func refuse(code int64, message string) *faultReply {
	return &faultReply{JSONRPC: "2.0", ID: json.RawMessage("null"), Error: jsonrpc2.Error{Code: code, Message: message}}
}

// checkMessage makes sure that a body is one JSON-RPC 2.0 message, or gives the reply that says what is wrong. A response
// with neither result nor error is given a null result: some clients drop it.
func checkMessage(body []byte) ([]byte, *faultReply) {
	var e envelope
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case !utf8.Valid(body):
		return nil, refuse(jsonrpc2.CodeParseError, "message is not valid UTF-8")
	case tooDeep(body):
		return nil, refuse(jsonrpc2.CodeParseError, "message is nested deeper than 200")
	case !json.Valid(body):
		return nil, refuse(jsonrpc2.CodeParseError, "message is not valid JSON")
	case trimmed[0] != '{':
		return nil, refuse(jsonrpc2.CodeInvalidRequest, "message is not a JSON object; batches are not part of LSP")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, refuse(jsonrpc2.CodeInvalidRequest, err.Error())
	}
	fault := func(message string) *faultReply {
		reply := refuse(jsonrpc2.CodeInvalidRequest, message)
		if validID(e.ID) && e.Method != nil {
			reply.ID = e.ID
		}
		reply.mute = e.Method == nil && (e.Result != nil || e.Error != nil)
		return reply
	}
	switch {
	case e.JSONRPC != "2.0":
		return nil, fault(`jsonrpc is not "2.0"`)
	case e.ID != nil && !validID(e.ID):
		return nil, fault("id is neither a number nor a string")
	case e.Method == nil && e.ID == nil:
		return nil, fault("message has neither method nor id")
	case e.Method == nil && e.Result == nil && e.Error == nil:
		return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":null}`, e.ID), nil
	case e.Method != nil && (e.Result != nil || e.Error != nil):
		return nil, fault("message is both request and response")
	}
	return body, nil
}

// tooDeep counts brackets outside of strings. It comes before everything that recurses.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func validID(id json.RawMessage) bool {
	if len(id) == 0 {
		return false
	}
	if id[0] == '"' {
		return true
	}
	_, err := strconv.ParseUint(string(id), 10, 64) // jsonrpc2.ID
	return err == nil
}
