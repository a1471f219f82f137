// What people configure, and the exporter and portals themselves.
local p = import 'panel.libsonnet';
local q = import 'query.libsonnet';

local info(matchers='') = 'max by (job, instance, id) (docspace_webhook_info{%s%s})' % [q.webhook, matchers];
local separate = ' With several portals, choose all instances: the exporter is one of its own.';

{
  security: [
    p.table(
      'How webhooks are configured',
      "What is risky comes first. With http, names and addresses of people can be read on their way; without a verified certificate, someone else can pose as the receiver. Restricted: for one room or file alone.",
      [
        p.rows('max by (job, instance, id, name, scheme, target) (docspace_webhook_info{%s})' % q.webhook),
        // 0 verified, 1 not verified, 2 none to verify
        p.rows('1 - %s + (%s or 0 * %s)' % [q.cell('docspace_webhook_ssl_enabled{%s}' % q.webhook), info(', scheme="http"'), info()]),
        p.rows('1000 * ' + q.cell('docspace_webhook_created_timestamp_seconds{%s}' % q.webhook)),
        p.rows('count by (job, instance, id) (max by (job, instance, id, trigger) (docspace_webhook_enabled{%s}))' % q.webhook),
      ],
      [
        ['instance', 'Portal'],
        ['name', 'Webhook'],
        ['id', 'Id'],
        ['scheme', 'Scheme'],
        ['Value #B', 'Certificate'],
        ['target', 'Target'],
        ['Value #D', 'Events'],
        ['Value #C', 'Created'],
      ],
      ['Value #A'],
      'Certificate'
    )
    + p.size(16, 10) + p.books([p.runbook('configuration.md')])
    + p.overrides([
      p.of('Id', p.width(60)),
      p.of('Scheme', p.colored + p.width(80) + {
        mappings: [p.words({ http: { color: 'red' }, https: { color: 'green' }, other: { color: 'orange' } })],
        links: [p.cellBook('configuration.md#docspacewebhookinsecureurl')],
      }),
      p.of('Certificate', p.background + p.width(110) + {
        mappings: [p.words({
          '0': { text: 'verified', color: 'green' },
          '1': { text: 'not verified', color: 'orange' },
          '2': { text: 'none', color: 'red' },
        })],
        links: [p.cellBook('configuration.md#docspacewebhooktlsverificationoff')],
      }),
      p.of('Target', p.width(100)),
      p.of('Events', p.width(80)),
      p.of('Created', p.sinceNow('unknown')),
    ]),
    p.graph('Configuration changes', 'How often a webhook got another configuration, or was switched on or off, in the time before each point; webhooks without a change are left out.', 'none', [
      p.over(q.named('changes(%s[$__rate_interval])' % q.configHash) + ' > 0', p.webhook),
    ])
    + p.size(8, 10) + p.columns + p.whole + p.books([p.runbook('configuration.md#docspacewebhookconfigchanged')]) + p.empty('No change'),
  ],

  exporter: [
    p.table(
      'Portals',
      "What is known of each portal. The clock is the portal's minus the exporter's; ages and remaining times are wrong by that much.",
      [
        p.rows('max by (job, instance) (%s)' % q.read),
        p.rows('max by (job, instance, version, alias, time_zone) (docspace_portal_info{%s})' % q.target),
        p.rows('max by (job, instance) (docspace_portal_clock_offset_seconds{%s})' % q.target),
        p.rows('sum by (job, instance) (%s)' % q.one('docspace_webhooks{%s, state="enabled"}' % q.target)),
        p.rows('max by (job, instance, reason) (docspace_scrape_collector_failure{%s, collector="webhooks"} == 1)' % q.target),
      ],
      [
        ['instance', 'Portal'],
        ['alias', 'Alias'],
        ['Value #A', 'Read'],
        ['reason', 'Reason'],
        ['version', 'Version'],
        ['time_zone', 'Time zone'],
        ['Value #C', 'Clock'],
        ['Value #D', 'Webhooks on'],
      ],
      ['Value #B', 'Value #E'],
      'Reason'
    )
    + p.size(16, 7) + p.books([p.runbook('portal.md')])
    + p.overrides([
      p.of('Read', p.background + p.width(70) + {
        mappings: [p.words({ '0': { text: 'no', color: 'red' }, '1': { text: 'yes', color: 'green' } })],
        links: [p.cellBook('portal.md#docspaceportaldown')],
      }),
      p.of('Time zone', p.colored + { mappings: [
        { type: 'special', options: { match: 'empty', result: { text: 'unknown', color: 'orange', index: 0 } } },
      ] }),
      p.of('Clock', p.colored + p.width(90) + {
        unit: 's',
        decimals: 0,
        thresholds: p.steps([[null, 'orange'], [-120, 'text'], [120, 'orange']]),
        links: [p.cellBook('portal.md#docspaceportalclockskewed')],
      }),
      p.of('Webhooks on', p.width(110)),
    ]),
    p.stat('Configuration', 'Whether the exporter took its configuration the last time that it was loaded.' + separate, 'none', 'min(%s)' % q.one('docspace_exporter_config_last_reload_successful{%s}' % q.target), p.steps([[null, 'red'], [1, 'green']]), [p.words({ '0': { text: 'refused' }, '1': { text: 'loaded' } })])
    + p.size(4, 7) + p.books([p.runbook('exporter.md#docspaceexporterreloadfailed')]),
    p.stat('Log gaps', 'How often in the time shown more deliveries were new than one scrape may read, so that some are not counted.', 'none', 'sum(%s)' % q.increase('docspace_delivery_log_gaps_total', q.target), p.orange(1), [p.zero('none')])
    + p.size(4, 7) + p.whole + p.books([p.runbook('exporter.md#docspacedeliverylogincomplete')]),
    p.graph('Collectors that fail', '1 while a part of a portal cannot be read, with the reason.', 'none', [
      p.over('max by (job, instance, collector, reason) (docspace_scrape_collector_failure{%s}) > 0' % q.target, '{{instance}} {{collector}}: {{reason}}'),
    ])
    + p.whole + p.books([p.runbook('exporter.md#docspacecollectorfailing')]) + p.empty('Everything is read'),
    p.graph('Duration of a scrape', 'How long it took to read each part of a portal; the slowest portal counts.', 's', [
      p.over('max by (collector) (docspace_scrape_collector_duration_seconds{%s})' % q.target, '{{collector}}'),
    ]),
    p.graph('Requests to portals', 'Requests of the exporter in a minute, by endpoint and status code; error: no answer.' + separate, 'reqpm', [
      p.over('60 * sum by (endpoint, code) (rate(docspace_api_requests_total{%s}[$__rate_interval])) > 0' % q.target, '{{endpoint}} {{code}}'),
    ])
    + p.stacked + p.books([p.runbook('portal.md#docspaceapiratelimited')]),
    p.graph('Answer time of portals', 'Within this time 95 % of the requests to an endpoint were answered.' + separate, 's', [
      p.over('histogram_quantile(0.95, sum by (endpoint, le) (rate(docspace_api_request_duration_seconds_bucket{%s}[$__rate_interval]))) > 0' % q.target, '{{endpoint}}'),
    ]),
    p.graph('Memory', "What the exporter's process holds in memory." + separate, 'bytes', [
      p.over('process_resident_memory_bytes{%s}' % q.own, '{{instance}}'),
    ]),
    p.graph('CPU', "Cores that the exporter's process uses." + separate, 'short', [
      p.over('rate(process_cpu_seconds_total{%s}[$__rate_interval])' % q.own, '{{instance}}'),
    ]),
  ],
}
