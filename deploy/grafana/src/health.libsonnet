// How things are, and who is broken.
local p = import 'panel.libsonnet';
local q = import 'query.libsonnet';

local none = [p.zero('none')];
local soon = '(%s - time()) < bool 86400' % q.graceEnds;

{
  health: [
    p.stat('Not read', 'How many portals tell nothing, because their list of webhooks cannot be read or their exporter does not answer. While it is not 0, nothing is known of their webhooks.', 'none', 'sum(1 - %s)' % q.one(q.read), p.red(1), none)
    + p.books([p.runbook('portal.md')]),
    p.stat('Failing', 'How many webhooks are on and have a failure as their last known outcome.', 'none', 'sum((%s) == bool 1)' % q.state, p.red(1), none)
    + p.books([p.runbook('failing.md')]),
    p.stat('Off soon', 'How many failing webhooks DocSpace is going to switch off within a day, those that have no grace left among them.', 'none', 'sum(%s * (%s))' % [q.failing, soon], p.red(1), none)
    + p.books([p.runbook('disabling.md#docspacewebhookautodisablesoon')]),
    p.stat('Switched off', 'How many webhooks are off, by a person or by DocSpace. Events for a webhook that is off are not even written down.', 'none', 'sum((%s) == bool 2)' % q.state, p.orange(1), none)
    + p.books([p.runbook('disabling.md#docspacewebhookdisabled')]),
    p.stat('Accepted', 'The share of deliveries in the time shown that receivers accepted. The objective of the alerts is 99 %.', 'percentunit', '1 - sum(%s) / sum(%s)' % [q.increase('docspace_webhook_delivery_failures_total'), q.increase('docspace_webhook_deliveries_total')], p.steps([[null, 'red'], [0.95, 'orange'], [0.99, 'green']]), [p.missing('no delivery')])
    + p.books([p.runbook('failing.md#docspacewebhookerrorbudgetburn')]) + p.decimals(1),
    p.stat('Pending', 'Deliveries that have no outcome yet. DocSpace sends ten at a time; more than twenty are a backlog.', 'none', 'sum(%s)' % q.one('docspace_webhook_pending_deliveries{%s}' % q.webhook), p.orange(21), none)
    + p.books([p.runbook('delivery.md#docspacewebhookbacklog')]),
    p.stat('Stuck', "Deliveries that are pending for longer than DocSpace's longest run of retries. Most of them are lost.", 'none', 'sum(%s)' % q.one('docspace_webhook_stuck_deliveries{%s}' % q.webhook), p.orange(1), none)
    + p.books([p.runbook('delivery.md#docspacewebhookdeliveriesstuck')]),
    p.stat('Webhooks', "How many webhooks the portals list. An API key that is not an administrator's shows only a part of them.", 'none', 'sum(%s)' % q.one('docspace_webhooks{%s}' % q.target), p.steps([[null, 'blue']])),
  ],

  broken: [
    p.table(
      'Webhooks',
      'Every webhook, the broken ones first. Failing: the last known outcome is a failure. Gone: listed within the past 15 minutes, but not now. After the end of its grace, the next failure makes DocSpace switch the webhook off. The last reason stays after a recovery.',
      [
        p.rows('max by (job, instance, id, name) (%s)' % q.name),
        p.rows(q.cell(q.state)),
        p.rows(q.cell('1000 * ' + q.lastSuccess)),
        p.rows(q.cell('1000 * ' + q.lastFailure)),
        p.rows('max by (job, instance, id, reason) (docspace_webhook_last_failure_info{%s})' % q.webhook),
        p.rows(q.cell('docspace_webhook_consecutive_failures{%s}' % q.webhook)),
        p.rows(q.cell(q.failedOfHour)),
        p.rows(q.cell('1000 * ' + q.graceEnds)),
        p.rows(q.cell('docspace_webhook_pending_deliveries{%s}' % q.webhook)),
        p.rows(q.cell('docspace_webhook_stuck_deliveries{%s}' % q.webhook)),
      ],
      [
        ['instance', 'Portal'],
        ['name', 'Webhook'],
        ['id', 'Id'],
        ['Value #B', 'State'],
        ['reason', 'Last reason'],
        ['Value #C', 'Last success'],
        ['Value #D', 'Last failure'],
        ['Value #F', 'Failed in a row'],
        ['Value #G', 'Failed in 1 h'],
        ['Value #H', 'Grace ends'],
        ['Value #I', 'Pending'],
        ['Value #J', 'Stuck'],
      ],
      ['Value #A', 'Value #E'],
      'State'
    )
    + p.size(24, 16) + p.books([p.runbook()]) + p.empty('–')
    + p.overrides([
      p.of('Webhook', { links: [{
        title: 'Only this webhook',
        url: '/d/docspace-webhooks?${datasource:queryparam}&${job:queryparam}&var-instance=${__data.fields.Portal}&var-webhook=${__data.fields.Id}&${__url_time_range}',
      }] }),
      p.of('Portal', p.width(110)),
      p.of('Id', p.width(60)),
      p.of('State', p.background + p.width(80) + {
        mappings: [p.words({
          '0': { text: 'ok', color: 'green' },
          '1': { text: 'failing', color: 'red' },
          '2': { text: 'off', color: 'orange' },
          '3': { text: 'gone', color: 'purple' },
        })],
        links: [p.cellBook('failing.md', 'Runbook: failing'), p.cellBook('disabling.md', 'Runbook: off or gone')],
      }),
      p.of('Last reason', p.width(110)),
      p.of('Last success', p.sinceNow('never')),
      p.of('Last failure', p.sinceNow('never')),
      p.of('Failed in a row', p.colored + p.width(125) + { thresholds: p.steps([[null, 'text'], [1, 'orange'], [5, 'red']]) }),
      p.of('Failed in 1 h', p.colored + p.width(115) + {
        unit: 'percentunit',
        decimals: 0,
        mappings: [p.missing('–')],
        thresholds: p.steps([[null, 'text'], [0.01, 'orange'], [0.144, 'red']]),
      }),
      p.of('Grace ends', p.sinceNow('–')),
      p.of('Pending', p.width(80)),
      p.of('Stuck', p.colored + p.width(70) + { thresholds: p.orange(1, 'text') }),
    ]),
    p.table(
      'Alerts',
      'What the alerting rules say now of the chosen portals. The time of a pending alert has not come yet.',
      [p.rows('1000 * %s * ignoring (alertstate) group_left () %s' % [
        q.one('ALERTS{alertname=~"DocSpace.*", %s}' % q.target),
        q.one('ALERTS_FOR_STATE{alertname=~"DocSpace.*", %s}' % q.target),
      ])],
      [
        ['severity', 'Severity'],
        ['alertstate', 'State'],
        ['alertname', 'Alert'],
        ['instance', 'Portal'],
        ['name', 'Webhook'],
        ['id', 'Id'],
        ['Value', 'Since'],
      ],
      ['window', 'collector', 'reason'],
      'Since'
    )
    + p.size(16, 9) + p.books([p.runbook()]) + p.empty('No alert')
    + p.overrides([
      p.of('Severity', p.background + p.width(80) + { mappings: [p.words({
        critical: { color: 'red' },
        warning: { color: 'orange' },
        info: { color: 'blue' },
      })] }),
      p.of('State', p.width(80)),
      p.of('Portal', p.width(90)),
      p.of('Alert', p.width(290) + { links: [p.cellBook('README.md', 'Runbooks')] }),
      p.of('Webhook', { noValue: '–' }),
      p.of('Id', p.width(60) + { noValue: '–' }),
      p.of('Since', p.sinceNow('–')),
    ]),
    p.bars(
      'Events that do not get through',
      'How many of the webhooks that subscribe to an event fail. Failures themselves carry no event, so this is from the state of the webhooks; * is all events.',
      'none',
      p.now('sort_desc(sum by (trigger) (max without (name, replica) ((docspace_webhook_last_failure_timestamp_seconds{%(event)s} > bool docspace_webhook_last_success_timestamp_seconds{%(event)s}) * docspace_webhook_enabled{%(event)s})) > 0)' % q, '{{trigger}}')
    )
    + p.size(8, 9) + p.books([p.runbook('failing.md')]) + p.colors(p.steps([[null, 'orange'], [3, 'red']])) + p.empty('none'),
  ],
}
