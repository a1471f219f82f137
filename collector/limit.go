package collector

import (
	"fmt"
	"net/http"
	"sync"
)

// LimitRequests serves at most limit requests of h in parallel, and refuses more with 503; 0 is no limit.
func LimitRequests(h http.Handler, limit int) http.Handler {
	requests := newInFlight(limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.serve(w, "", func() { h.ServeHTTP(w, r) })
	})
}

// inFlight limits the number of requests that are served in parallel, separately for each key.
type inFlight struct {
	limit int // 0 for none

	mu     sync.Mutex
	number map[string]int // by key, without zeros
}

func newInFlight(limit int) *inFlight {
	return &inFlight{limit: limit, number: map[string]int{}}
}

// serve calls next, or refuses the request when the limit of its key is reached.
func (f *inFlight) serve(w http.ResponseWriter, key string, next func()) {
	if !f.begin(key) {
		http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", f.limit), http.StatusServiceUnavailable)
		return
	}
	defer f.end(key)
	next()
}

func (f *inFlight) begin(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limit > 0 && f.number[key] >= f.limit {
		return false
	}
	f.number[key]++
	return true
}

func (f *inFlight) end(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number[key]--
	if f.number[key] == 0 {
		delete(f.number, key)
	}
}
