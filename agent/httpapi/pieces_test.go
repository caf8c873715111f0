package httpapi_test

import "testing"

// However fast a reply comes, the pieces of its texts are the whole of them: some clients print nothing else.
func TestPieces(t *testing.T) {
	b := newBench(t, "!think I could count, or guess, or read the file.\nThere are more words here than go into one piece.\n")
	l := b.listen("/event", "")
	id := b.session()
	b.prompted(id, "How many lines?", "once")
	pieces, whole := map[string]string{}, map[string]string{}
	for _, e := range l.until("session.idle") {
		switch e.Type {
		case "message.part.delta":
			pieces[e.Properties["partID"].(string)] += e.Properties["delta"].(string)
		case "message.part.updated":
			part := e.Properties["part"].(object)
			if part["type"] == "reasoning" || part["type"] == "text" {
				whole[part["id"].(string)] = part["text"].(string)
			}
		}
	}
	for id, text := range whole {
		if text != "How many lines?" && pieces[id] != text {
			t.Errorf("in pieces %q, whole %q", pieces[id], text)
		}
	}
	if len(pieces) != 2 || len(whole) != 3 {
		t.Errorf("%q, %q", pieces, whole)
	}
}
