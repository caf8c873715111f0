package httpapi

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
)

// ids makes the ids of one session's messages, parts, questions and events in OpenCode's form: a prefix, twelve hex digits
// that grow with the session's events, and fourteen characters of its own, so that no two sessions share an id. They are
// made from the session's id and the Seq of the stored event alone, and so are the same after a restart.
type ids struct{ tag string }

func newIDs(session string) ids {
	sum := sha256.Sum256([]byte(session))
	return ids{strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:14]}
}

// Places of messages and parts below an event's Seq. Clients sort by id.
const (
	placeStart     = 0x00 // step-start
	placeReasoning = 0x01 // and following
	placeText      = 0x40
	placeRead      = 0x41 // what the model reads in the place of a prompt
	placeFile      = 0x42 // and following
	placeTool      = 0x60 // and following
	placeFinish    = 0xfe
	placePatch     = 0xff
	// placeSummary is the message after another one of the same event.
	placeSummary = 1
)

func (i ids) make(prefix string, seq int64, place int) string {
	return fmt.Sprintf("%s_%010x%02x%s", prefix, seq, min(place, 0xff), i.tag)
}

// message is the id of the message that the event with that Seq makes.
func (i ids) message(seq int64) string { return i.make("msg", seq, 0) }

// part is the id of a part of that message. Beyond what two hex digits count the digits grow, which keeps the order.
func (i ids) part(seq int64, place, n int) string {
	return fmt.Sprintf("prt_%010x%02x%s%04x", seq, place, i.tag[:10], n)
}

// seqOf is the Seq that an id of make was made from.
func seqOf(id string) int64 {
	n, err := strconv.ParseInt(id[4:14], 16, 64)
	if err != nil {
		return 1
	}
	return n
}
