package collector

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"
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

// readIdentity reads the key and its user when they are due.
func (p *Portal) readIdentity(ctx context.Context, s *snapshot) {
	var reads sync.WaitGroup
	reads.Go(func() {
		s.keyErr = p.protect(func() (err error) {
			s.key, err = readReported(p.opts.Clock(), &p.identity.key, func() (docspace.Key, error) { return p.client.Key(ctx) })
			return err
		})
	})
	reads.Go(func() {
		s.userErr = p.protect(func() (err error) {
			s.user, err = readReported(p.opts.Clock(), &p.identity.user, func() (docspace.User, error) { return p.client.User(ctx) })
			return err
		})
	})
	reads.Wait()
}

// readReported returns a value that a portal may not report: then it is nil, and requested again when its
// time is over, as any other.
func readReported[T any](now time.Time, c *cached[*T], read func() (T, error)) (*T, error) {
	value, _, err := c.get(now, func() (*T, bool, error) {
		value, err := read()
		switch {
		case err == nil:
			return &value, true, nil
		case isNotReported(err):
			return nil, true, nil
		default:
			return nil, false, err
		}
	})
	return value, err
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
	changed := credential != i.credential
	if changed && i.credential != [sha256.Size]byte{} {
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
