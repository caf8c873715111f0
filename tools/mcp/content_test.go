package mcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Images and PDFs of an answer go to the model, whatever they are called, as far as there is room; anything else is named.
func TestGathering(t *testing.T) {
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	const png, pdf = "\x89PNG\r\n\x1a\n0123", "%PDF-1.7\n"
	large := png + strings.Repeat("x", 4<<20)
	for name, test := range map[string]struct {
		blocks []string
		text   string
		files  []string
	}{
		"an image": {
			[]string{`{"type":"text","text":"See."}`, fmt.Sprintf(`{"type":"image","mimeType":"image/png","data":%q}`, encoded(png))},
			"See.\n(image, image/png, 12 bytes: goes along with this result)", []string{"1-image image/png 12"},
		},
		"a resource of another name": {
			[]string{fmt.Sprintf(`{"type":"resource","resource":{"uri":"file:///a/b.txt","mimeType":"text/plain","blob":%q}}`, encoded(pdf))},
			"(file:///a/b.txt, text/plain, 9 bytes: goes along with this result)", []string{"1-b.txt application/pdf 9"},
		},
		"no image": {
			[]string{`{"type":"image","mimeType":"image/png","data":"AAAA"}`, `{"type":"image","mimeType":"image/png","data":"?"}`, fmt.Sprintf(`{"type":"image","data":%q}`, encoded("<svg/>"))},
			"(image, image/png, 3 bytes: not shown)\n(image, image/png, 0 bytes: not shown)\n(image, of no known type, 6 bytes: not shown)", nil,
		},
		"too much": {
			slices.Repeat([]string{fmt.Sprintf(`{"type":"image","mimeType":"image/png","data":%q}`, encoded(large))}, 3),
			strings.Repeat("(image, image/png, 4194316 bytes: goes along with this result)\n", 2) + "(image, image/png, 4194316 bytes: not shown)",
			[]string{"1-image image/png 4194316", "2-image image/png 4194316"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gathering{room: maxFiles}
			var raw []json.RawMessage
			for _, b := range test.blocks {
				raw = append(raw, json.RawMessage(b))
			}
			g.blocks(raw)
			var files []string
			for _, f := range g.files {
				files = append(files, fmt.Sprintf("%s %s %d", f.Name, f.MIME, len(f.Data)))
			}
			if g.text() != test.text || strings.Join(files, ",") != strings.Join(test.files, ",") {
				t.Errorf("%q, files %q", g.text(), files)
			}
		})
	}
}
