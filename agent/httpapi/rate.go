package httpapi

import (
	"net/netip"
	"sync"
	"time"
)

// Wrong passwords are answered by 401 up to these rates, then by 429.
const (
	addressRate, addressBurst = 5, 10  // of one address: a second, and at once
	overallRate, overallBurst = 20, 40 // of all together
	// maxAddresses bounds how many addresses are told apart; beyond it the overall rate alone counts.
	maxAddresses = 1024
)

// failures counts wrong passwords. It decides how the next wrong one is answered and nothing else: a right password is let in
// whatever came before, from the same address too. On one machine attacker and owner have the same address, and a page in the
// owner's own browser can send wrong ones: a door that shut would let either lock the owner out. It would protect nothing
// either, since against MinPassword characters no rate of guessing gets anywhere; 429 with the end of the connection makes
// guessing slow and seen, which is all that is asked of it.
type failures struct {
	mu   sync.Mutex
	all  bucket
	by   map[netip.Prefix]bucket
	told time.Time
}

// add counts a wrong password and returns how long the sender should wait where he is over the rate, 0 where he is not.
func (f *failures) add(from netip.Prefix, now time.Time) time.Duration {
	wait := f.count(from, now)
	if wait > 0 && f.tell(now) {
		logger().Warningf("many wrong passwords, now from %s", from.Addr())
	}
	return wait
}

// tell reports whether the log should hear of it: once a minute.
func (f *failures) tell(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.told) < time.Minute {
		return false
	}
	f.told = now
	return true
}

func (f *failures) count(from netip.Prefix, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[netip.Prefix]bucket{}
	}
	mine, known := f.by[from]
	if !known && len(f.by) >= maxAddresses {
		f.forget(now)
	}
	if known || len(f.by) < maxAddresses {
		wait := mine.add(now, addressRate, addressBurst)
		f.by[from] = mine
		if wait > 0 {
			return wait // and does not use up what all others share
		}
	}
	return f.all.add(now, overallRate, overallBurst)
}

// forget drops the addresses that have nothing against them any more.
func (f *failures) forget(now time.Time) {
	for from, b := range f.by {
		if b.level(now, addressRate) == 0 {
			delete(f.by, from)
		}
	}
}

// bucket leaks at a rate and overflows at a burst.
type bucket struct {
	held float64
	at   time.Time
}

// level is what it holds now.
func (b bucket) level(now time.Time, rate float64) float64 {
	return max(0, b.held-rate*now.Sub(b.at).Seconds())
}

// add puts one in and returns 0; where it would overflow it stays as it is, and the time until it would not is returned.
func (b *bucket) add(now time.Time, rate, burst float64) time.Duration {
	b.held, b.at = b.level(now, rate), now
	if over := b.held + 1 - burst; over > 0 {
		return time.Duration(over / rate * float64(time.Second))
	}
	b.held++
	return 0
}

// addressOf is whom a connection counts for: the address, of IPv6 the network, since one person has all of it.
func addressOf(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	addr, bits := at.Addr().Unmap().WithZone(""), 64
	if addr.Is4() {
		bits = 32
	} else if addr.IsLoopback() {
		bits = 128
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
