// What becomes of deliveries.
local p = import 'panel.libsonnet';
local q = import 'query.libsonnet';

local deliveries = 'docspace_webhook_deliveries_total';
local failures = 'docspace_webhook_delivery_failures_total';
local buckets = q.rate('docspace_webhook_delivery_duration_seconds_bucket');

{
  traffic: [
    p.graph('Deliveries by outcome', 'Deliveries that ended in a minute, after all retries.', 'cpm', [
      p.over('60 * clamp_min(sum(%s) - sum(%s), 0)' % [q.rate(deliveries), q.rate(failures)], 'accepted'),
      p.over('60 * sum(%s)' % q.rate(failures), 'failed'),
    ])
    + p.stacked + p.overrides([p.fixed('accepted', 'green'), p.fixed('failed', 'red')]),
    p.graph('Deliveries by webhook', 'Deliveries that ended in a minute, of the ten webhooks with the most.', 'cpm', [
      p.over('60 * %s and on (job, instance, id) topk(10, sum by (job, instance, id) (%s))' % [q.byWebhook(q.rate(deliveries, q.event), 'sum'), q.inAll(deliveries, q.event)], p.webhook),
    ]),
    p.graph('Deliveries by event', 'Deliveries that ended in a minute, by the event that caused them, of the ten events with the most.', 'cpm', [
      p.over('60 * sum by (trigger) (%s) and topk(10, sum by (trigger) (%s))' % [q.rate(deliveries, q.event), q.inAll(deliveries, q.event)], '{{trigger}}'),
    ])
    + p.stacked,
  ],

  errors: [
    p.graph('Failures by reason', 'Deliveries that failed in a minute, by the class of the failure. Only the last try of a delivery is known.', 'cpm', [
      p.over('60 * sum by (reason) (%s) > 0' % q.rate(failures), '{{reason}}'),
    ])
    + p.stacked + p.books([p.runbook('failing.md')]) + p.empty('No failure'),
    p.graph('Answers by status code', 'Final answers of receivers in a minute, by HTTP status. Deliveries that got no answer are not among them.', 'cpm', [
      p.over('60 * sum by (code) (%s) > 0' % q.rate('docspace_webhook_responses_total'), '{{code}}'),
    ])
    + p.stacked + p.books([p.runbook('failing.md')]) + p.empty('No answer'),
    p.graph('Share that fails', 'How many of the deliveries of a webhook within an hour failed; webhooks without a failure are left out. From the dashed line on, the error budget of 30 days is gone in two.', 'percentunit', [
      p.over(q.named(q.failedOfHour) + ' > 0', p.webhook),
    ])
    + p.range(0, 1) + p.limit(0.144) + p.books([p.runbook('failing.md#docspacewebhookerrorbudgetburn')]) + p.empty('No failure'),
    p.graph('Failures in a row', 'Deliveries of a webhook that failed since the last accepted one; webhooks without any are left out.', 'none', [
      p.over(q.byWebhook('docspace_webhook_consecutive_failures{%s}' % q.webhook) + ' > 0', p.webhook),
    ])
    + p.limit(5) + p.whole + p.books([p.runbook('failing.md#docspacewebhookfailing')]) + p.empty('No failure'),
    p.graph('Deliveries that needed a retry', 'The share of the deliveries of a webhook that were sent more than once; webhooks without any are left out. From the dashed line on there is an alert, which does not count those that failed in the end.', 'percentunit', [
      p.over('%s / %s > 0' % [q.byWebhook(q.rate('docspace_webhook_deliveries_retried_total'), 'sum'), q.byWebhook(q.rate(deliveries), 'sum')], p.webhook),
    ])
    + p.range(0, 1) + p.limit(0.25, 'orange') + p.books([p.runbook('delivery.md#docspacewebhookflapping')]) + p.empty('No retry'),
    p.graph('Attempts per delivery', 'How often a delivery is sent until it ends. DocSpace gives up after six.', 'none', [
      p.over('sum(%s) / sum(%s)' % [q.rate('docspace_webhook_delivery_attempts_total'), q.rate(deliveries)], 'attempts'),
    ])
    + p.range(1),
  ],

  latency: [
    p.graph('Time to accepted delivery', 'From the creation of a delivery until the receiver accepted it, retries and the wait behind others included. Failures are not in it.', 's', [
      p.over('histogram_quantile(%s, sum by (le) (%s))' % [quantile[0], buckets], quantile[1])
      for quantile in [['0.5', 'half'], ['0.9', '90 %'], ['0.99', '99 %']]
    ])
    + p.size(12, 8) + p.books([p.runbook('delivery.md#docspacewebhookdeliveryslow')]),
    p.graph('Time to accepted delivery, by webhook', 'Within this time 95 % of the accepted deliveries of a webhook got through. From the dashed line on there is an alert.', 's', [
      p.over('histogram_quantile(0.95, sum by (job, instance, id, name, le) (%s)) > 0' % buckets, p.webhook),
    ])
    + p.size(12, 8) + p.limit(60, 'orange') + p.books([p.runbook('delivery.md#docspacewebhookdeliveryslow')]),
  ],

  backlog: [
    p.graph('Pending deliveries', 'Deliveries that have no outcome yet; webhooks without any are left out. One receiver that hangs holds up all others of its portal.', 'none', [
      p.over(q.byWebhook('docspace_webhook_pending_deliveries{%s}' % q.webhook) + ' > 0', p.webhook),
    ])
    + p.stacked + p.whole + p.books([p.runbook('delivery.md#docspacewebhookbacklog')]) + p.empty('Nothing is pending'),
    p.graph('Oldest pending delivery', 'How long ago it was created; webhooks without any are left out. After 15 minutes a delivery is stuck.', 's', [
      p.over('time() - (%s > 0)' % q.byWebhook('docspace_webhook_oldest_pending_timestamp_seconds{%s}' % q.webhook), p.webhook),
    ])
    + p.limit(900, 'orange') + p.books([p.runbook('delivery.md#docspacewebhookdeliveriesstuck')]) + p.empty('Nothing is pending'),
    p.graph('Stuck deliveries', "Deliveries that are pending for longer than DocSpace's longest run of retries; webhooks without any are left out. They can be repeated by hand in the history of the webhook.", 'none', [
      p.over(q.byWebhook('docspace_webhook_stuck_deliveries{%s}' % q.webhook) + ' > 0', p.webhook),
    ])
    + p.stacked + p.whole + p.books([p.runbook('delivery.md#docspacewebhookdeliveriesstuck')]) + p.empty('Nothing is stuck'),
  ],
}
