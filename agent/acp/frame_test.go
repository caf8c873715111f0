package acp

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadLine(t *testing.T) {
	long := strings.Repeat("x", maxMessage+1)
	r := bufio.NewReaderSize(strings.NewReader("one\r\n\n"+long+"\ntwo\nlast"), 16)
	for _, want := range []string{"one", "", "!", "two", "last"} {
		line, err := readLine(r)
		if want == "!" && !errors.Is(err, errTooLong) || want != "!" && (err != nil || string(line) != want) {
			t.Errorf("%.20q %v, want %q", line, err, want)
		}
	}
	if _, err := readLine(r); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := readLine(bufio.NewReaderSize(strings.NewReader(long), 16)); !errors.Is(err, errTooLong) {
		t.Errorf("a long last line: %v", err)
	}
}

// Whatever comes is a message or a fault that can be answered.
func FuzzParse(f *testing.F) {
	for _, line := range []string{`{"jsonrpc":"2.0","id":1,"method":"x","params":{}}`, `{"jsonrpc":"2.0","id":null,"result":1}`, `[]`, `{"id":{}}`, "\xff", `{"ID":1,"Method":"x"}`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, fault := parse(line)
		if fault == nil && m.Method == "" && m.ID == nil {
			t.Errorf("%q is taken for a message", line)
		}
		if fault != nil && (fault.Code == 0 || strings.Contains(fault.Message, "\n")) {
			t.Errorf("%q: %+v", line, fault)
		}
		if _, err := json.Marshal(message{ID: m.ID}); err != nil {
			t.Errorf("%q: its id cannot be answered: %v", line, err)
		}
	})
}

func TestDecode(t *testing.T) {
	for raw, want := range map[string]string{
		`{"sessionId":"s","modeId":"m"}`:               "",
		`{"sessionId":"s","modeId":"m","further":[1]}`: "",
		`{"sessionId":"s"}`:                            "modeId is missing",
		`{}`:                                           "sessionId is missing",
		``:                                             "sessionId is missing",
		`null`:                                         "sessionId is missing",
		`{"sessionId":[]}`:                             "params.sessionId is an array and not of the right type",
		`7`:                                            "params is a number and not of the right type",
	} {
		_, err := decode[modeParams](json.RawMessage(raw))
		if got := ""; err != nil {
			if got = err.Error(); got != want || fault(err).Code != codeInvalidParams {
				t.Errorf("%s: %v, want %q", raw, err, want)
			}
		} else if want != "" {
			t.Errorf("%s is taken", raw)
		}
	}
}
