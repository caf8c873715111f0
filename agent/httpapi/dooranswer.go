package httpapi

import (
	"net/http"
	"strings"
	"time"
)

// sealed is a response whose headers are made safe when it begins, whatever the handler set: no answer may be read by another
// origin, taken for a page, or kept.
type sealed struct {
	http.ResponseWriter
	begun bool
}

// always stands in every answer (SECURITY.md, server mode, 17).
var always = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'",
	"Referrer-Policy":              "no-referrer",
	"X-Frame-Options":              "DENY",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// WriteHeader begins the answer.
func (s *sealed) WriteHeader(status int) {
	if !s.begun && status >= 200 {
		s.begun = true
		seal(s.Header())
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *sealed) Write(data []byte) (int, error) {
	s.begin()
	return s.ResponseWriter.Write(data)
}

// Flush sends what was written, as a stream of events needs it.
func (s *sealed) Flush() {
	s.begin()
	if err := http.NewResponseController(s.ResponseWriter).Flush(); err != nil {
		logger().Debugf("flush: %s", err)
	}
}

// begin begins an answer that has not begun, as net/http would.
func (s *sealed) begin() {
	if !s.begun {
		s.WriteHeader(http.StatusOK)
	}
}

// Unwrap gives http.ResponseController the response itself.
func (s *sealed) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// seal takes out what would let a browser show the answer to another origin, or show it as a page, and adds what is always
// there. A missing type stays missing: net/http would guess one from the text.
func seal(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			h.Del(name)
		}
	}
	for name, value := range always {
		h.Set(name, value)
	}
	if kind, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil
	} else if len(kind) > 0 && strings.Contains(strings.ToLower(kind[0]), "html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
}

// setReadDeadline bounds reading of the rest of the request; the zero time takes the bound away.
func setReadDeadline(w http.ResponseWriter, t time.Time) {
	if err := http.NewResponseController(w).SetReadDeadline(t); err != nil {
		logger().Debugf("read deadline: %s", err)
	}
}
