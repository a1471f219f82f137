// Pieces of PromQL that keep to the conventions of prometheus/rules.yml: `job` and `instance` tell portals apart, `id`
// tells webhooks apart, and of two exporters of one portal, which differ in `replica`, the greater value counts.
{
  target:: 'job=~"$job", instance=~"$instance"',
  // The variable job has values of other exporters, too, when it is "All".
  own:: $.target + ', job=~"docspace.*"',
  webhook:: $.target + ', id=~"$webhook"',
  event:: $.webhook + ', trigger=~"$trigger"',

  one(expr):: 'max without (replica) (%s)' % expr,
  rate(metric, matchers=$.webhook):: $.one('rate(%s{%s}[$__rate_interval])' % [metric, matchers]),
  increase(metric, matchers=$.webhook):: $.one('increase(%s{%s}[$__range])' % [metric, matchers]),
  // The same in all of the graph, so that lines have no gaps.
  inAll(metric, matchers):: $.one('increase(%s{%s}[$__range] @ end())' % [metric, matchers]),
  byWebhook(expr, aggregation='max'):: '%s by (job, instance, id, name) (%s)' % [aggregation, expr],
  // A value for each webhook, for tables that put several side by side.
  cell(expr):: 'max by (job, instance, id) (%s)' % expr,
  named(expr)::
    '%s * on (job, instance, id) group_left (name) webhook:docspace_webhook_name:info{%s}' % [expr, $.webhook],

  // 1 for a portal that is read, 0 for one that is not, or whose exporter does not answer.
  read:: 'docspace_up{%s} or up{%s} == 0' % [$.target, $.own],

  // The recorded state of webhooks.
  name:: 'webhook:docspace_webhook_name:info{%s}' % $.webhook,
  enabled:: 'webhook:docspace_webhook_enabled:max{%s}' % $.webhook,
  failing:: 'webhook:docspace_webhook_failing:bool{%s}' % $.webhook,
  lastSuccess:: 'webhook:docspace_webhook_last_success_timestamp_seconds:max{%s}' % $.webhook,
  lastFailure:: 'webhook:docspace_webhook_last_failure_timestamp_seconds:max{%s}' % $.webhook,
  graceEnds:: 'webhook:docspace_webhook_auto_disable_timestamp_seconds:max{%s}' % $.webhook,
  failedOfHour:: 'webhook:docspace_webhook_delivery_failures_per_delivery:ratio_rate1h{%s}' % $.webhook,
  configHash:: 'webhook:docspace_webhook_config_hash:max{%s}' % $.webhook,
  listed:: 'webhook_name:docspace_webhook_enabled:timestamp{%s}' % $.webhook,
  // 3 for a webhook that was listed within the past 15 minutes and is not any more, 2 for one that is off, 1 for one
  // that fails, 0 for one that is well.
  state:: |||
    3 + 0 * %(enabled)s
      unless on (job, instance, id) docspace_webhook_enabled{%(webhook)s}
      and on (job, instance) docspace_up{%(target)s} == 1
    or 2 * (1 - %(enabled)s) + %(failing)s
  ||| % $,
}
