package collector_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// fakeClient is a portal in memory.
type fakeClient struct {
	settings func(context.Context) (docspace.Settings, error)
	webhooks func(context.Context) (docspace.WebhookList, error)
	triggers func(context.Context) ([]docspace.Trigger, error)
	log      func(context.Context, docspace.LogQuery) (docspace.LogPage, error)
	key      func(context.Context) (docspace.Key, error)
	user     func(context.Context) (docspace.User, error)

	skipped    []error // elements of the list of triggers
	credential [sha256.Size]byte
	closed     bool
}

func (f *fakeClient) Settings(ctx context.Context) (docspace.Settings, error) {
	if f.settings == nil {
		return docspace.Settings{Version: "3.7.2.1", Alias: "p1", TimeZone: "Europe/Berlin"}, nil
	}
	return f.settings(ctx)
}

func (f *fakeClient) Webhooks(ctx context.Context) (docspace.WebhookList, error) {
	if f.webhooks == nil {
		return docspace.WebhookList{}, nil
	}
	return f.webhooks(ctx)
}

func (f *fakeClient) Triggers(ctx context.Context) (docspace.TriggerList, error) {
	if f.triggers == nil {
		return docspace.TriggerList{Triggers: []docspace.Trigger{{Name: "*", Available: true}, {Name: "file.uploaded", Mask: 1 << 8, Available: true}}}, nil
	}
	list, err := f.triggers(ctx)
	return docspace.TriggerList{Triggers: list, Skipped: f.skipped}, err
}

func (f *fakeClient) Log(ctx context.Context, q docspace.LogQuery) (docspace.LogPage, error) {
	if f.log == nil {
		return docspace.LogPage{}, nil
	}
	return f.log(ctx, q)
}

func (f *fakeClient) Key(ctx context.Context) (docspace.Key, error) {
	if f.key == nil {
		return docspace.Key{}, nil
	}
	return f.key(ctx)
}

func (f *fakeClient) User(ctx context.Context) (docspace.User, error) {
	if f.user == nil {
		return docspace.User{Admin: true}, nil
	}
	return f.user(ctx)
}

func (f *fakeClient) Credential() [sha256.Size]byte { return f.credential }

func (f *fakeClient) CertificateExpiry() time.Time { return time.Time{} }

func (f *fakeClient) Close() { f.closed = true }

func newFakePortal(t *testing.T, client *fakeClient, w *logs, c *clock) *collector.Portal {
	t.Helper()
	p := collector.NewPortal(client, collector.PortalOptions{
		Name: "default",
		Settings: docspace.PortalSettings{
			AutoDisableAfter: 72 * time.Hour, Deliveries: logOptions,
			Collectors: docspace.CollectorSwitch{Webhooks: true, Triggers: true, Deliveries: true},
		},
		Logger: log.NewLogfmtLogger(w), Clock: c.Now,
	})
	t.Cleanup(p.Close)
	return p
}
