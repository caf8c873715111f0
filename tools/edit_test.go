package tools

import (
	"strings"
	"testing"
)

// TestEditCases plays edit.jsonl: the situations of public edit corpora, one replacement each, with the text that has to come
// of it or the reason why nothing may.
func TestEditCases(t *testing.T) {
	type editCase struct {
		Name, Text, Old, New, Want, How, Error string
		All                                    bool
	}
	for _, c := range readCases[editCase](t, "testdata/edit.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got, err := replace(c.Text, c.Old, c.New, c.All)
			switch {
			case c.Error != "" && err == nil:
				t.Fatalf("matched by %s: %q", got.how, got.text)
			case c.Error != "":
				if !strings.Contains(err.Error(), c.Error) {
					t.Fatalf("error %q, want %q", err, c.Error)
				}
			case err != nil:
				t.Fatal(err)
			case got.text != c.Want || got.how != c.How:
				t.Errorf("got %q by %s\nwant %q by %s", got.text, got.how, c.Want, c.How)
			}
		})
	}
}
