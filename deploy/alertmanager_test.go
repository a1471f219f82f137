package deploy_test

import (
	"regexp"
	"strings"
	"testing"
)

const alertmanagerFile = "alertmanager/alertmanager.yml"

func TestAlertmanagerTakesItsConfiguration(t *testing.T) {
	t.Parallel()
	tool(t, "amtool", "check-config", alertmanagerFile)
}

func TestAlertsReachTheirReceivers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ labels, receiver string }{
		{"alertname=DocSpaceWebhookAutoDisabled severity=critical name=crm", "pager"},
		{"alertname=DocSpacePortalDown severity=critical", "pager"},
		{"alertname=DocSpaceExporterDown severity=critical", "pager"},
		{"alertname=DocSpaceWebhookFailing severity=warning name=crm", "team"},
		{"alertname=DocSpaceWebhookSilent severity=info name=crm", "digest"},
		// These webhooks feed what tells people of alerts.
		{"alertname=DocSpaceWebhookAutoDisabled severity=critical name=chat-notify", "mail"},
		{"alertname=DocSpaceWebhookFailing severity=warning name=incident-bot", "mail"},
		{"alertname=DocSpaceWebhookFailing severity=warning name=chat-notify-2", "team"},
		// Alerts of others go where they went.
		{"alertname=NodeDown", "team"},
	} {
		t.Run(tc.labels, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"config", "routes", "test", "--config.file=" + alertmanagerFile, "--verify.receivers=" + tc.receiver}, strings.Fields(tc.labels)...)
			tool(t, "amtool", args...)
		})
	}
}

var onAlertname = regexp.MustCompile(`^alertname=~?"(.+)"$`)

// A misspelt name is valid, and inhibits nothing.
func TestInhibitionNamesAlerts(t *testing.T) {
	t.Parallel()
	var config struct {
		Rules []struct {
			Source []string `yaml:"source_matchers"`
			Target []string `yaml:"target_matchers"`
		} `yaml:"inhibit_rules"`
	}
	readYAML(t, alertmanagerFile, &config)
	names := alertNames(t)
	checked := 0
	for _, inhibition := range config.Rules {
		for _, matcher := range append(inhibition.Source, inhibition.Target...) {
			found := onAlertname.FindStringSubmatch(matcher)
			if found == nil {
				continue // on the severity
			}
			for pattern := range strings.SplitSeq(found[1], "|") {
				checked++
				if !matchesAny(regexp.MustCompile("^(?:"+pattern+")$"), names) {
					t.Errorf("%s is the name of no alert", pattern)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no inhibition names an alert")
	}
}

func matchesAny(pattern *regexp.Regexp, names map[string]bool) bool {
	for name := range names {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}
