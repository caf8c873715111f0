package agent

// plan is what stays of a conversation that is shortened.
type plan struct {
	// first is the index of the first message that a summary must tell of, tail that of the first one that stays.
	first, tail int
	// cut holds what is cut of messages that stay, by the Seq of their events, in bytes that are left.
	cut map[int64]int
}

// empty says that there is nothing to shorten.
func (p plan) empty() bool { return p.tail <= p.first && len(p.cut) == 0 }

// leastCut is the least that is worth keeping of a long message, in tokens.
const leastCut = 100

// plan chooses what stays: the newest messages of at most keep tokens and turns turns (0: any number), a call always
// together with its results. Where even the newest exchange is longer it stays as far as three quarters of room reach, its
// long texts cut.
func (h *history) plan(room, keep, turns int64) plan {
	p := plan{tail: len(h.messages)}
	if len(h.marks) > 0 && h.marks[0].seq == 0 {
		p.first = 1 // the summary of last time, which is carried on
	}
	for i, size := len(h.messages)-1, int64(0); i >= p.first; i-- {
		if size += h.marks[i].tokens; size > keep {
			break
		}
		if h.messages[i].Role != Tool {
			p.tail = i
		}
		if h.marks[i].turn {
			if turns--; turns == 0 {
				break
			}
		}
	}
	if p.tail == len(h.messages) {
		h.keepLast(&p, room/4*3)
	}
	return p
}

// keepLast keeps the newest exchange within room: a prompt, or a reply with its results.
func (h *history) keepLast(p *plan, room int64) {
	start := len(h.messages) - 1
	for start > p.first && h.messages[start].Role == Tool {
		start--
	}
	if start < p.first {
		return
	}
	if sum(h.marks[start:]) <= room {
		p.tail = start
		return
	}
	texts := start
	if h.messages[start].Role == Assistant {
		texts++ // a reply cannot be cut: its calls must stay what they were
		room -= h.marks[start].tokens
	} else {
		room = max(room, leastCut) // a prompt stays, whatever is left of it
	}
	share := room / max(int64(len(h.messages)-texts), 1)
	if share < leastCut {
		return
	}
	p.tail, p.cut = start, map[int64]int{}
	for i := texts; i < len(h.messages); i++ {
		if h.marks[i].tokens > share {
			p.cut[h.marks[i].seq] = fit(h.messages[i].Text, share-tokensOf(messageBytes+len(h.messages[i].Call)))
		}
	}
}
