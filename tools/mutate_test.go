package tools

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// This file makes texts like code, an edit of one of their blocks, and the edit as a model would write it down with a slip:
// the result must be the right one or a refusal, never a change in the wrong place.

// scene is one edit: lines [from, to) of text become want's.
type scene struct {
	rand     *rand.Rand
	text     []string
	from, to int
	new      []string
	// touched are the indexes of text's lines that the edit changes or removes.
	touched []int
}

// pick takes one of several.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// newScene makes a text of functions that are much alike, and changes, adds or removes lines in a block of it.
func newScene(seed uint64) *scene {
	s := &scene{rand: rand.New(rand.NewPCG(seed, 1))}
	indent := pick(s.rand, "\t", "    ", "  ")
	for f := range 2 + s.rand.IntN(5) {
		s.function(f, indent)
	}
	size := 3 + s.rand.IntN(6)
	s.from = s.rand.IntN(max(1, len(s.text)-size))
	s.to = min(len(s.text), s.from+size)
	s.edit()
	return s
}

func (s *scene) function(n int, indent string) {
	s.text = append(s.text, pick(s.rand, fmt.Sprintf("func f%d(a, b int) {", n), "func (t *thing) run() {", "if err != nil {"))
	for range 2 + s.rand.IntN(6) {
		s.statement(indent)
	}
	s.text = append(s.text, "}")
	if s.rand.IntN(2) == 0 {
		s.text = append(s.text, "")
	}
}

func (s *scene) statement(indent string) {
	v := pick(s.rand, "x", "total", "count", "name", "row")
	line := pick(s.rand, v+" := load("+v+", 1)", "save("+v+`, "it's done")`, v+"++", "return "+v, "log(\""+v+" - ok\")", "check(err)", fmt.Sprintf("step(%d)", s.rand.IntN(40)))
	if s.rand.IntN(4) > 0 {
		s.text = append(s.text, indent+line)
		return
	}
	s.text = append(s.text, indent+"if "+v+" > 0 {", indent+indent+line, indent+"}")
}

// edit decides what becomes of the block.
func (s *scene) edit() {
	at := s.from + s.rand.IntN(s.to-s.from)
	for i := s.from; i < s.to; i++ {
		line := s.text[i]
		if i != at {
			s.new = append(s.new, line)
			continue
		}
		fresh := indentation(line) + fmt.Sprintf("fresh_%d()", s.rand.IntN(1000))
		switch s.rand.IntN(3) {
		case 0: // changed
			s.new, s.touched = append(s.new, fresh), append(s.touched, i)
		case 1: // added behind
			s.new = append(s.new, line, fresh)
		case 2: // removed
			s.touched = append(s.touched, i)
		}
	}
}

func (s *scene) old() []string { return slices.Clone(s.text[s.from:s.to]) }

func (s *scene) want() string {
	return asText(slices.Concat(s.text[:s.from], s.new, s.text[s.to:]))
}

func asText(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// once reports whether the block stands in the text once, so that what is meant is clear.
func (s *scene) once() bool {
	old := s.old()
	n := 0
	for i := range s.text {
		if i+len(old) <= len(s.text) && slices.Equal(s.text[i:i+len(old)], old) {
			n++
		}
	}
	return n == 1
}

// slip is what a model gets wrong in copying: it changes old and new alike.
type slip struct {
	name string
	do   func(s *scene, old, new []string) ([]string, []string)
	// edits and patches are the shares, in percent, that must go through all the same.
	edits, patches int
	// what the slip changes: blind leaves nothing to tell the white space around the new lines by; words changes lines so that
	// they may be those of another place.
	kind slipKind
}

type slipKind int

const (
	seeing slipKind = iota
	blind
	words
)

func slips() []slip {
	each := func(change func(string) string) func(*scene, []string, []string) ([]string, []string) {
		return func(_ *scene, old, new []string) ([]string, []string) {
			return mapLines(old, change), mapLines(new, change)
		}
	}
	return []slip{
		{"none", func(_ *scene, old, new []string) ([]string, []string) { return old, new }, 99, 100, seeing},
		{"indentation lost", each(strings.TrimSpace), 99, 99, blind},
		{"indentation shared lost", outdented, 99, 99, seeing},
		{"indentation added", each(func(l string) string {
			if l == "" {
				return l
			}
			return "    " + l
		}), 99, 99, seeing},
		{"blanks for tabs", each(func(l string) string {
			blank := indentation(l)
			return strings.ReplaceAll(blank, "\t", "    ") + l[len(blank):]
		}), 99, 99, seeing},
		{"white space at ends", each(func(l string) string { return l + "  " }), 99, 99, blind},
		{"typographic quotes", each(func(l string) string {
			return strings.NewReplacer(`"`, "”", "'", "’", " - ", " – ").Replace(l)
		}), 99, 99, seeing},
		{"a line left out", omitted, 50, 0, words},
		{"a wrong line", mistaken, 50, 0, words},
		{"an empty line around", func(_ *scene, old, new []string) ([]string, []string) {
			return slices.Concat([]string{""}, old, []string{""}), slices.Concat([]string{""}, new, []string{""})
		}, 90, 0, seeing},
	}
}

func outdented(_ *scene, old, new []string) ([]string, []string) {
	shared := outer(old)
	cut := func(l string) string { return strings.TrimPrefix(l, shared) }
	return mapLines(old, cut), mapLines(new, cut)
}

// middle is a line of the block, not at its ends, that the edit does not touch; its places in old and new.
func (s *scene) middle() (inOld, inNew int, ok bool) {
	for range 10 {
		i := s.from + 1 + s.rand.IntN(max(1, s.to-s.from-2))
		if i >= s.to-1 || slices.Contains(s.touched, i) {
			continue
		}
		if k := slices.Index(s.new, s.text[i]); k >= 0 && slices.Index(s.new[k+1:], s.text[i]) < 0 {
			return i - s.from, k, true
		}
	}
	return 0, 0, false
}

func omitted(s *scene, old, new []string) ([]string, []string) {
	if i, k, ok := s.middle(); ok {
		return slices.Delete(old, i, i+1), slices.Delete(slices.Clone(new), k, k+1)
	}
	return old, new
}

func mistaken(s *scene, old, new []string) ([]string, []string) {
	if i, k, ok := s.middle(); ok {
		half := indentation(old[i]) + strings.TrimSpace(old[i])[:len(strings.TrimSpace(old[i]))/2]
		wrong := pick(s.rand, half+"~"+old[i][len(half):], indentation(old[i])+"unlike anything(1)")
		old[i] = wrong
		new = slices.Clone(new)
		new[k] = wrong
	}
	return old, new
}

// scenes is how many scenes are played with each slip.
var scenes = flag.Int("scenes", 300, "the number of scenes that edits and patches with a slip are tried on")

// playSlips plays scenes with every slip; apply is how the edit is written and carried out.
func playSlips(t *testing.T, least func(slip) int, apply func(text string, old, new []string) (string, error)) {
	for _, slip := range slips() {
		t.Run(slip.name, func(t *testing.T) {
			played, applied := 0, 0
			for seed := range uint64(*scenes) {
				if !slip.play(t, seed, apply, &applied) {
					continue
				}
				played++
			}
			t.Logf("%d of %d applied, all of them right", applied, played)
			if 100*applied < least(slip)*played {
				t.Errorf("%d of %d applied, want %d %%", applied, played, least(slip))
			}
		})
	}
}

// play plays one scene, unless it is not clear there what is meant: then it reports false.
func (s slip) play(t *testing.T, seed uint64, apply func(text string, old, new []string) (string, error), applied *int) bool {
	scene := newScene(seed)
	text, want := asText(scene.text), scene.want()
	old, new := s.do(scene, scene.old(), scene.new)
	if !scene.once() || text == want || !slices.Equal(old, scene.old()) && s.elsewhere(text, old) {
		return false
	}
	got, err := apply(text, old, new)
	if err != nil {
		return true
	}
	*applied++
	if got != want && (s.kind != blind || trimmed(got) != trimmed(want)) {
		t.Fatalf("seed %d: the wrong result\n--- text\n%s--- old\n%s--- new\n%s--- got\n%s--- want\n%s", seed, text, asText(old), asText(new), got, want)
	}
	return true
}

// elsewhere reports whether what the slip made of old stands in the text: whoever reads it can only take it for that.
func (s slip) elsewhere(text string, old []string) bool {
	if s.kind == words {
		return strings.Contains(trimmed(text), trimmed(strings.Join(old, "\n")))
	}
	return strings.Contains(text, strings.Join(old, "\n"))
}

// trimmed is a text without white space around lines and without empty ones.
func trimmed(text string) string {
	lines := mapLines(strings.Split(text, "\n"), strings.TrimSpace)
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n") + "\n"
}

func TestEditSlips(t *testing.T) {
	playSlips(t, func(s slip) int { return s.edits }, asEdit)
}

// TestPatchSlips writes the same edits as patches, with the lines around the change as context.
func TestPatchSlips(t *testing.T) {
	playSlips(t, func(s slip) int { return s.patches }, asPatch)
}

// FuzzSlips looks for the scene and the slip that lead to a wrong place.
func FuzzSlips(f *testing.F) {
	f.Add(uint64(1), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, which uint8) {
		slip, n := slips()[int(which)%len(slips())], 0
		slip.play(t, seed, asEdit, &n)
		slip.play(t, seed, asPatch, &n)
	})
}

func asEdit(text string, old, new []string) (string, error) {
	r, err := replace(text, strings.Join(old, "\n"), strings.Join(new, "\n"), false)
	return r.text, err
}

func asPatch(text string, old, new []string) (string, error) {
	got, _, err := patchText(text, "f", []hunk{{lines: diffLines(old, new)}})
	return got, err
}

// diffLines are a hunk's lines from old to new.
func diffLines(old, new []string) []patchLine {
	var out []patchLine
	at := 0
	kept := align(new, old, func(l string) string { return l })
	for i, line := range new {
		if kept[i] < 0 {
			out = append(out, patchLine{'+', line})
			continue
		}
		for ; at < kept[i]; at++ {
			out = append(out, patchLine{'-', old[at]})
		}
		out = append(out, patchLine{' ', line})
		at++
	}
	for ; at < len(old); at++ {
		out = append(out, patchLine{'-', old[at]})
	}
	return out
}

// TestPatchHunks cuts a random change of a whole text into hunks with little context: what is not refused leads where it
// should, and with three lines around each change nearly nothing is refused.
func TestPatchHunks(t *testing.T) {
	for context, least := range map[int]int{1: 90, 2: 98, 3: 99} {
		played, applied := 0, 0
		for seed := range uint64(*scenes) {
			s := newScene(seed)
			var changed []string
			for _, line := range s.text {
				switch s.rand.IntN(12) {
				case 0:
				case 1:
					changed = append(changed, line, fmt.Sprintf("\tfresh_%d()", s.rand.IntN(1000)))
				case 2:
					changed = append(changed, fmt.Sprintf("\tfresh_%d()", s.rand.IntN(1000)))
				default:
					changed = append(changed, line)
				}
			}
			hunks := hunksBetween(s.text, changed, context)
			if len(hunks) == 0 {
				continue
			}
			played++
			got, _, err := patchText(asText(s.text), "f", hunks)
			if err == nil {
				applied++
			}
			if err == nil && got != asText(changed) {
				t.Fatalf("seed %d, %d lines of context: the wrong result\n--- text\n%s--- hunks\n%v\n--- got\n%s--- want\n%s", seed, context, asText(s.text), hunks, got, asText(changed))
			}
		}
		t.Logf("%d lines of context: %d of %d applied, all of them right", context, applied, played)
		if 100*applied < least*played {
			t.Errorf("%d lines of context: %d of %d applied, want %d %%", context, applied, played, least)
		}
	}
}

// hunksBetween are the changes from old to new with some unchanged lines around them.
func hunksBetween(old, new []string, context int) []hunk {
	all := diffLines(old, new)
	var hunks []hunk
	for i, end := 0, 0; i < len(all); i++ {
		if all[i].mark == ' ' {
			continue
		}
		from := max(end, i-context)
		quiet := 0
		for ; i < len(all) && quiet <= 2*context; i++ {
			quiet++
			if all[i].mark != ' ' {
				quiet = 0
			}
		}
		end = i - max(0, quiet-context)
		hunks = append(hunks, hunk{lines: all[from:end]})
		i = end - 1
	}
	return hunks
}
