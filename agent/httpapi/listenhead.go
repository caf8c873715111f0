package httpapi

import (
	"bytes"
	"errors"
	"net"
	"strconv"
)

// strict reads a connection for net/http and stops it at a request whose length could be understood in two ways: with both
// Content-Length and Transfer-Encoding, with one of them twice, or with a folded header line. net/http picks one reading (RFC
// 9112, 6.3, allows that); whoever passes requests on in front of it may pick the other, and a request hides in a body.
type strict struct {
	net.Conn
	conn *conn
	head head
}

var errAmbiguous = errors.New("ambiguous length of a request")

// Read passes on what comes, but for the piece in which a head ends that must not be understood: net/http answers an error
// that is not the network's with 400 and closes.
func (s *strict) Read(data []byte) (int, error) {
	n, err := s.Conn.Read(data)
	if !s.head.feed(data[:n]) {
		return 0, errAmbiguous
	}
	return n, err
}

// head follows the requests of a connection by their heads. After a chunked body it looks no further: the door ends the
// connection there.
type head struct {
	line    []byte // of a head, as much as is looked at
	lines   int    // of this head before it
	lengths []string
	codings int
	skip    int64 // bytes of a body
	blind   bool
}

// lookedAt is how much of a line is kept: a name and a length fit.
const lookedAt = 64

// feed takes the next bytes and reports whether all is well.
func (h *head) feed(data []byte) bool {
	for len(data) > 0 && !h.blind {
		if h.skip > 0 {
			n := min(h.skip, int64(len(data)))
			h.skip -= n
			data = data[n:]
			continue
		}
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		h.line = append(h.line, line[:min(len(line), lookedAt-min(lookedAt, len(h.line)))]...)
		if data = rest; !ended {
			return true
		}
		if !h.end() {
			return false
		}
	}
	return true
}

// end takes a whole line.
func (h *head) end() bool {
	line, cut := bytes.TrimSuffix(h.line, []byte("\r")), len(h.line) == lookedAt
	h.line = h.line[:0]
	switch {
	case len(line) == 0 && h.lines > 0:
		return h.finish()
	case h.lines > 0 && (line[0] == ' ' || line[0] == '\t'):
		return false
	}
	h.lines++
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch name = bytes.TrimSpace(name); {
	case bytes.EqualFold(name, []byte("Content-Length")):
		if cut {
			return false
		}
		h.lengths = append(h.lengths, string(bytes.TrimSpace(value)))
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.codings++
	}
	return len(h.lengths)+h.codings < 2
}

// finish ends a head; what follows is its body, then the next.
func (h *head) finish() bool {
	if len(h.lengths) == 1 {
		n, err := strconv.ParseUint(h.lengths[0], 10, 63)
		if err != nil {
			return false // as net/http does
		}
		h.skip = int64(n)
	}
	h.blind = h.codings > 0
	h.lines, h.lengths, h.codings = 0, h.lengths[:0], 0
	return true
}
