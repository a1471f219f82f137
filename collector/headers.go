package collector

import "net/http"

const (
	policyHeader = "Content-Security-Policy"
	// strictPolicy is for responses that load nothing.
	strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// inlineStylePolicy is for pages of libraries, which have a style sheet in the page and nothing else.
	inlineStylePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// protect sets the headers that every response has, and refuses cross-site requests that change anything.
func protect(h http.Handler) http.Handler {
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		setPolicy(w, strictPolicy)
		h.ServeHTTP(w, r)
	})
}

// withPolicy serves h with a policy of its own.
func withPolicy(policy string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setPolicy(w, policy)
		h.ServeHTTP(w, r)
	})
}

// setPolicy replaces the policy that protect set. A policy from the web configuration has precedence.
func setPolicy(w http.ResponseWriter, policy string) {
	if current := w.Header().Get(policyHeader); current == "" || current == strictPolicy {
		w.Header().Set(policyHeader, policy)
	}
}
