package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// maxBody bounds the body of a request, in bytes.
	maxBody = 8 << 20
	// bodyWithin is how long a body may take to come.
	bodyWithin = 30 * time.Second
)

// checkType wants JSON where there is a body, and where a type is named without one: what a form or a plain fetch of another
// page can send is never that (SECURITY.md, server mode, 10).
func checkType(r *http.Request) *refusal {
	kinds := r.Header["Content-Type"]
	if len(kinds) == 0 && r.ContentLength == 0 {
		return nil
	}
	if len(kinds) == 1 && isJSON(kinds[0]) && r.Header.Get("Content-Encoding") == "" {
		return nil
	}
	return &refusal{status: http.StatusUnsupportedMediaType, name: "UnsupportedMediaType", text: "a body must be of type application/json"}
}

func isJSON(kind string) bool {
	media, params, err := mime.ParseMediaType(kind)
	charset, named := params["charset"]
	return err == nil && media == "application/json" && (!named || strings.EqualFold(charset, "utf-8"))
}

// readBody reads the body whole, within bounds of size and time, so that no handler can forget them.
func readBody(w http.ResponseWriter, r *http.Request) *refusal {
	if r.ContentLength == 0 {
		return nil
	}
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	if r.ContentLength < 0 {
		w.Header().Set("Connection", "close") // as head wants it
	}
	setReadDeadline(w, time.Now().Add(bodyWithin))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		return tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{status: http.StatusRequestTimeout, name: "RequestTimeout", text: "the body took too long"}
	case err != nil:
		return &refusal{status: http.StatusBadRequest, name: "BadRequest", text: "the body did not come whole"}
	}
	setReadDeadline(w, time.Time{})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return nil
}

func tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, name: "PayloadTooLarge", text: "a body may have 8 MiB at most"}
}
