package lsptest

import "slices"

// at is the text of an older version, found by taking back what was made since, and what was made since.
func (d *document) at(version int32) (string, []splice) {
	i := slices.IndexFunc(d.history, func(s splice) bool { return s.version >= version })
	if i < 0 {
		return d.text, nil
	}
	text := d.text
	for _, s := range slices.Backward(d.history[i:]) {
		text = text[:s.start] + s.old + text[s.start+s.size:]
	}
	return text, d.history[i:]
}

// carry moves an offset of an older text over what was made since. Inside replaced text it moves to the end of the new.
func carry(offset int, since []splice) int {
	for _, s := range since {
		switch {
		case offset >= s.end && offset > s.start:
			offset += s.size - (s.end - s.start)
		case offset > s.start:
			offset = s.start + s.size
		}
	}
	return offset
}
