package collector

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// identityTTL is how long what is known about the key and its user is used, and how long after that while
// requests for it fail.
const identityTTL = time.Hour

// identity is what is known about the API key and its user. It decides whether the list of webhooks is
// complete, and nothing else depends on it.
type identity struct {
	key  cached[*docspace.Key]  // nil in a portal that does not report it
	user cached[*docspace.User] // as well

	mu         sync.Mutex
	credential [sha256.Size]byte // that key and user were last requested with
	listed     map[int64]bool    // webhooks of the last list
}

func newIdentity() *identity {
	return &identity{
		key:  cached[*docspace.Key]{ttl: identityTTL, outlives: identityTTL},
		user: cached[*docspace.User]{ttl: identityTTL, outlives: identityTTL},
	}
}

// identityRead is what one fetch learnt about the API key and its user.
type identityRead struct {
	key             *docspace.Key  // nil for unknown
	user            *docspace.User // nil for unknown
	keyErr, userErr error          // why they may be old or unknown
	requested       atomic.Bool    // by this fetch
}

// readIdentity reads the key and its user when they are due. It takes a part of the time only.
func (p *Portal) readIdentity(ctx context.Context, r *identityRead) {
	ctx, cancel := withShare(ctx)
	defer cancel()
	var reads sync.WaitGroup
	reads.Go(func() {
		r.keyErr = p.protect(func() (err error) {
			r.key, err = readDue(p.opts.Clock(), &p.identity.key, func() (docspace.Key, error) {
				r.requested.Store(true)
				return p.client.Key(ctx)
			})
			return err
		})
	})
	reads.Go(func() {
		r.userErr = p.protect(func() (err error) {
			r.user, err = readDue(p.opts.Clock(), &p.identity.user, func() (docspace.User, error) {
				r.requested.Store(true)
				return p.client.User(ctx)
			})
			return err
		})
	})
	reads.Wait()
}

// readDue returns a value that is read when it is due.
func readDue[T any](now time.Time, c *cached[*T], read func() (T, error)) (*T, error) {
	value, _, err := c.get(now, func() (*T, bool, error) {
		value, err := read()
		return &value, true, err
	})
	return value, err
}

// settle notes what a portal does not report: it is requested again when its time is over, as any other
// value. That is known only when the portal is well otherwise.
func (i *identity) settle(now time.Time, r *identityRead) {
	if isNotReported(r.keyErr) {
		i.key.put(now, nil)
		r.key, r.keyErr = nil, nil
	}
	if isNotReported(r.userErr) {
		i.user.put(now, nil)
		r.user, r.userErr = nil, nil
	}
}

// finishIdentity takes in the key and its user when it is known which webhooks there are. If the key has
// changed or a webhook has left the list, they are read again, unless this fetch did already.
func (p *Portal) finishIdentity(ctx context.Context, s *snapshot, r *identityRead) {
	listed := s.webhooksRead.err == nil
	if p.identity.outdated(p.client.Credential(), s.webhooks, listed) && !r.requested.Load() {
		r = &identityRead{}
		p.readIdentity(ctx, r)
	}
	if listed {
		p.identity.settle(p.opts.Clock(), r)
	}
	s.key, s.user = r.key, r.user
	p.troubles.report("failed to read the end of the API key", r.keyErr)
	p.troubles.report("failed to read the role of the API key's user", r.userErr)
}

// isNotReported reports whether the portal is too old for what was requested, or does not show it to the
// key.
func isNotReported(err error) bool {
	status := statusOf(err)
	return status == http.StatusForbidden || isUnsupported(err)
}

// isUnsupported reports whether the server has nothing at the path.
func isUnsupported(err error) bool {
	status := statusOf(err)
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// outdated reports whether key and user have to be requested again although their time is not over, given
// the webhooks of the list, if it was read. What is known about another key is forgotten.
func (i *identity) outdated(credential [sha256.Size]byte, webhooks []docspace.Webhook, wasRead bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	changed := credential != i.credential && i.credential != [sha256.Size]byte{}
	if changed {
		i.key.forget()
		i.user.forget()
	}
	i.credential = credential
	if !wasRead {
		return changed
	}
	left := i.replaceListed(webhooks)
	if left {
		i.key.expire()
		i.user.expire()
	}
	return changed || left
}

// replaceListed reports whether a webhook has left the list.
func (i *identity) replaceListed(webhooks []docspace.Webhook) (left bool) {
	listed := make(map[int64]bool, len(webhooks))
	for w := range webhooks {
		listed[webhooks[w].ID] = true
	}
	for id := range i.listed {
		left = left || !listed[id]
	}
	i.listed = listed
	return left
}
