package docspace

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// pool hands out the connections to a portal. Requests share them until one breaks or a request times out: then the next request uses
// new ones, because nothing may come through the old ones any more.
type pool struct {
	build func(dialFunc) (*http.Client, error)

	mu      sync.Mutex
	current *connections
	number  int // how many times connections were dropped
	closed  bool
}

var errClosed = errors.New("client is closed")

// acquire returns the connections to use, which the caller must release.
func (p *pool) acquire() (*connections, error) {
	if c, err := p.use(nil); c != nil || err != nil {
		return c, err
	}
	c := newConnections()
	client, err := p.build(c.dial) // which can take long, as it reads files
	if err != nil {
		return nil, err
	}
	c.client = client
	return p.use(c)
}

// use returns the current connections, which are those given if there are none yet.
func (p *pool) use(c *connections) (*connections, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if p.current == nil && c != nil {
		c.generation, p.current = p.number, c
	}
	if p.current != nil {
		p.current.use()
	}
	return p.current, nil
}

// generation identifies the connections that the next request gets.
func (p *pool) generation() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.number
}

// drop has the next request use new connections, unless those of that generation were dropped already. The old ones are closed once
// no request uses them.
func (p *pool) drop(generation int) {
	if old := p.replace(generation); old != nil {
		old.retire()
	}
}

// replace returns the connections of a generation that the next request does not get.
func (p *pool) replace(generation int) *connections {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number != generation || p.current == nil {
		return nil
	}
	old := p.current
	p.current, p.number = nil, p.number+1
	return old
}

// close closes the connections, those in use included.
func (p *pool) close() {
	p.mu.Lock()
	old := p.current
	p.current, p.closed = nil, true
	p.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// connections are those of one HTTP client.
type connections struct {
	generation int // how many times others were dropped before
	client     *http.Client
	dialer     net.Dialer
	stop       context.CancelFunc // ends the dials under way
	stopped    context.Context

	mu      sync.Mutex
	open    map[*connection]struct{}
	users   int
	retired bool
}

func newConnections() *connections {
	c := &connections{dialer: net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive}, open: map[*connection]struct{}{}}
	c.stopped, c.stop = context.WithCancel(context.Background())
	return c
}

// connection reports that it was closed.
type connection struct {
	net.Conn
	owner  *connections
	dialed time.Time // when the dial began
}

// Close closes the connection.
func (c *connection) Close() error {
	c.owner.forget(c)
	return c.Conn.Close()
}

// dial connects for the transport, which does not end a dial when the request that it was made for is over.
func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unlink := context.AfterFunc(c.stopped, cancel) //nolint:contextcheck // the connections end dials of any request
	defer unlink()
	began := time.Now()
	conn, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return c.keep(&connection{Conn: conn, owner: c, dialed: began})
}

func (c *connections) keep(conn *connection) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.Err() != nil {
		_ = conn.Conn.Close() // nothing was sent over it
		return nil, errClosed
	}
	c.open[conn] = struct{}{}
	return conn, nil
}

func (c *connections) forget(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) use() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
}

func (c *connections) release() {
	c.mu.Lock()
	c.users--
	over := c.retired && c.users == 0
	c.mu.Unlock()
	if over {
		c.close()
	}
}

// retire has the connections closed as soon as no request uses them.
func (c *connections) retire() {
	c.mu.Lock()
	c.retired = true
	over := c.users == 0
	c.mu.Unlock()
	if over {
		c.close()
	}
}

// close closes all connections. What uses them fails.
func (c *connections) close() {
	c.stop()
	c.mu.Lock()
	open := c.open
	c.open = map[*connection]struct{}{}
	c.mu.Unlock()
	for conn := range open {
		_ = conn.Conn.Close() // nothing is sent over it any more
	}
	c.client.CloseIdleConnections() // has nothing left to say goodbye to, which could take long
}
