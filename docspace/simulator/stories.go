package simulator

import (
	"math/rand/v2"
	"slices"
	"time"
)

const day = 24 * time.Hour

// The texts of .NET for a delivery that failed, at least one for each class of failure.
const (
	textStatus      = "Response status code does not indicate success: %d"
	textRefused     = "Connection refused (erp.internal:443)"
	textRedirected  = "Response status code does not indicate success: 302 (Found)."
	textForbidden   = "Response status code does not indicate success: 401 (Unauthorized)."
	textTooMany     = "Response status code does not indicate success: 429 (Too Many Requests)."
	textNotFound    = "Response status code does not indicate success: 404 (Not Found)."
	textUnavailable = "Response status code does not indicate success: 503 (Service Unavailable)."
	textTimedOut    = "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."
	textNoAddress   = "Name or service not known (audit.partner.example:443)"
	textReset       = "Connection reset by peer (audit.partner.example:443)"
	textUnreachable = "No route to host (mirror.internal:443)"
	textBadTLS      = "The SSL connection could not be established, see inner exception."
	textStrange     = "Cannot write more bytes to the buffer than the configured maximum buffer size: 2147483647."
)

// Masks of triggers by what they are about.
const (
	maskUsers  = 1<<0 | 1<<2 | 1<<3 // created, updated, deleted
	maskFiles  = 1<<7 | 1<<8        // created, uploaded
	maskRooms  = 1<<22 | 1<<25      // created, deleted
	maskForms  = 1<<28 | 1<<29      // submit, filled.out
	maskFuture = 1 << 40            // no released version has it
)

// stories returns the webhooks of the demo. Chance decides which deliveries of the unreliable one
// fail.
func stories(chance *rand.Rand) []story {
	always := accepted(1)
	return []story{
		{
			base: https(1, "crm-sync", "crm.example", maskUsers), age: 200 * day,
			tick: 15 * time.Second, script: always, burst: 30, unlucky: true,
		},
		{base: https(2, "erp-orders", "erp.internal", maskFiles), age: 90 * day, tick: 10 * time.Minute, skip: 120, script: refusedForADay()},
		{base: https(3, "partner-audit", "audit.partner.example", maskRooms), age: 60 * day, tick: 20 * time.Second, script: everyFailure()},
		{
			base: https(4, "backup-mirror", "mirror.internal", maskFiles),
			age:  3*day - 4*time.Minute, // its grace is over four minutes after its story begins
			tick: 20 * time.Second, script: switchedOff(), renewed: true,
		},
		{
			base: https(5, "legacy-import", "legacy.example", maskFiles), age: 5 * time.Second,
			tick: 20 * time.Second, script: goneAndBack(), renewed: true,
		},
		{base: https(6, "chat-notify", "chat.example", maskRooms), age: 2 * time.Hour, tick: time.Hour, script: quiet(1)},
		{
			base: https(7, "newsletter", "newsletter.example", maskUsers), age: 30 * day,
			tick: time.Hour, skip: 100, script: switchedOffByAPerson(),
		},
		{base: unverified(8, "intranet-wiki", "http://wiki.internal/hooks"), age: 150 * day, tick: time.Minute, script: always},
		{base: unverified(9, "staging-test", "https://staging.internal/in"), age: 20 * day, tick: 2 * time.Minute, script: always},
		{base: forOneRoom(10, "contract-room", "contracts.example"), age: 10 * day, tick: 90 * time.Second, script: always},
		{base: https(11, "siem", "siem.internal", 0), age: 300 * day, tick: 5 * time.Second, script: always, bulky: 100, unlucky: true},
		{base: https(12, "agents-lab", "lab.example", maskForms|maskFuture), age: day, tick: time.Minute, script: always},
		{
			base: https(13, "reports", "reports.example", maskFiles), age: 40 * day,
			tick: 30 * time.Second, script: always, burst: 12, bulky: 17, unlucky: true,
		},
		{base: https(14, "reports", "bi.internal", maskForms), age: 39 * day, tick: 45 * time.Second, script: always},
		{base: https(15, "print-service", "print.internal", maskFiles), age: 100 * day, tick: 15 * time.Second, script: unreliable(chance)},
	}
}

func https(id int64, name, host string, triggers uint64) Webhook {
	return Webhook{ID: id, Name: name, URL: "https://" + host + "/docspace", SSL: true, Triggers: triggers}
}

func unverified(id int64, name, url string) Webhook {
	return Webhook{ID: id, Name: name, URL: url, Triggers: maskFiles}
}

func forOneRoom(id int64, name, host string) Webhook {
	w := https(id, name, host, maskFiles)
	w.TargetID = "1291"
	return w
}

func script(parts ...[]beat) []beat { return slices.Concat(parts...) }

func beats(n int, b beat) []beat { return slices.Repeat([]beat{b}, n) }

func accepted(n int) []beat { return beats(n, beat{accepted: true}) }

func failed(n int, text string) []beat { return beats(n, beat{failure: text}) }

func quiet(n int) []beat { return beats(n, beat{}) }

func off(n int) []beat { return beats(n, beat{off: true}) }

// switchedOffBy is the failure after which the server disables the webhook.
func switchedOffBy(text string) []beat { return beats(1, beat{failure: text, off: true}) }

// refusedForADay has one delivery accepted each day, in ticks of ten minutes, so that the webhook
// is in trouble all day but never for the three days after which it is switched off.
func refusedForADay() []beat { return script(accepted(1), failed(143, textRefused)) }

// everyFailure has every class of failure in turn, each followed by a recovery.
func everyFailure() []beat {
	texts := []string{
		textRedirected, textForbidden, textTooMany, textNotFound, textUnavailable,
		textTimedOut, textNoAddress, textReset, textBadTLS, textStrange,
	}
	parts := make([][]beat, 0, 2*len(texts))
	for _, text := range texts {
		parts = append(parts, failed(2, text), accepted(1))
	}
	return script(parts...)
}

// switchedOff fails, in ticks of twenty seconds and after the first delivery has been retried, until
// the server disables the webhook after the end of its grace. A person enables it, the next failure
// disables it again, and at last it is replaced by a new one that begins like it. What takes days
// elsewhere has to fit into a demo.
func switchedOff() []beat {
	return script(
		quiet(2), failed(11, textUnreachable), switchedOffBy(textUnreachable), off(9),
		quiet(2), switchedOffBy(textUnreachable), off(6),
	)
}

// goneAndBack is accepted, after a quiet beginning, until the receiver answers 410 Gone, for which
// the server deletes the webhook without a trace. Later somebody creates it again.
func goneAndBack() []beat { return script(quiet(1), accepted(8), beats(6, beat{gone: true})) }

// switchedOffByAPerson delivered for three hours, some days ago, in ticks of an hour.
func switchedOffByAPerson() []beat { return script(accepted(3), off(30*24)) }

// unreliable fails now and then.
func unreliable(chance *rand.Rand) []beat {
	all := accepted(40)
	for i := range all {
		if chance.IntN(6) == 0 {
			all[i] = beat{failure: textUnavailable}
		}
	}
	all[0] = beat{failure: textTimedOut} // whatever chance says, there is one
	return all
}
