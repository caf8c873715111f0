package llm

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// maxWords bounds how much of a provider's own words an error repeats, in bytes.
const maxWords = 300

// words are what a provider says about an error, whatever shape it comes in.
type words struct {
	message, kind, code string
	status              int    // of an error inside a stream, 0 unknown
	all                 string // everything above in lower case, for looking things up
}

// Error lets words travel out of the reading of a stream.
func (w *words) Error() string { return w.message }

// readWords understands {"error": {...}}, {"error": "text"}, a bare error object, FastAPI's {"detail": ...}, Google's list
// of any of these, and plain text. Of a web page it takes nothing.
func readWords(raw []byte) words {
	raw = bytes.TrimSpace(raw)
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return readWords(list[0])
	}
	var outer struct {
		Error, Detail json.RawMessage
	}
	inner := json.RawMessage(raw)
	if json.Unmarshal(raw, &outer) == nil {
		switch {
		case said(outer.Error):
			inner = outer.Error
		case said(outer.Detail):
			inner = outer.Detail
		}
	}
	w := readError(inner)
	w.all = strings.ToLower(strings.Join([]string{w.message, w.kind, w.code}, " "))
	return w
}

// readError reads the innermost thing: an object with a message, or text.
func readError(raw json.RawMessage) (w words) {
	var object struct {
		Message, Msg, Type, Status any
		Code                       any
	}
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		w.message = text
	case json.Unmarshal(raw, &object) == nil:
		w.message = str(object.Message) + str(object.Msg)
		w.kind, w.code = str(object.Type)+" "+str(object.Status), str(object.Code)
		if status, err := strconv.Atoi(w.code); err == nil && status >= 300 && status < 600 {
			w.status = status
		}
	case !bytes.HasPrefix(raw, []byte("<")):
		w.message = string(raw)
	}
	return w
}

func str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (w words) match(pattern string) bool { return regexp.MustCompile(pattern).MatchString(w.all) }

// overflows finds what the providers and the local servers of the table say when a conversation is too long.
func (w words) overflows() bool {
	return w.match(`context_length_exceeded|exceed_context_size|maximum context length|context (window|length|size).{0,40}exceed` +
		`|exceeds?.{0,60}context (window|length|size)|prompt is too long|too many (input )?tokens|input token count.{0,40}exceeds` +
		`|maximum prompt length|reduce the length|input (is )?too long|longer than the (model's )?context`)
}

func (w words) refusesKey() bool {
	return w.match(`(in(correct|valid)|malformed) (x-)?api[ _-]?key|api[ _-]?key (is )?(not valid|invalid|missing|required)|api_key_invalid|authentication_error`)
}

func (w words) outOfCredit() bool {
	return w.match(`insufficient_quota|insufficient (balance|credits?|funds)|credit balance is too low`)
}

func (w words) unknownModel() bool {
	return w.match(`model_not_found|model .{0,80}(does not exist|not found|is not available)|unknown model|not a valid model`)
}

func (w words) limitsRate() bool {
	return w.match(`rate_limit|rate limit|resource_exhausted|too many requests`)
}

// permanent says that the same request can only fail again.
func (w words) permanent() bool {
	return w.match(`invalid_request|bad_request|unsupported|not.supported`)
}

// refusesUsage says that the server does not take stream_options.
func (w words) refusesUsage() bool { return w.match(`stream_options|include_usage`) }

// brief makes a provider's words fit a sentence: one line, no control characters, not long.
func brief(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(text) <= maxWords {
		return strings.TrimRight(text, ".")
	}
	return strings.ToValidUTF8(text[:maxWords], "") + " …"
}
