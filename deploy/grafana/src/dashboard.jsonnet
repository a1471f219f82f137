// The source of ../docspace-webhooks.json:
//
//     jsonnet --output-file docspace-webhooks.json src/dashboard.jsonnet
local deliveries = import 'deliveries.libsonnet';
local health = import 'health.libsonnet';
local p = import 'panel.libsonnet';
local portal = import 'portal.libsonnet';
local q = import 'query.libsonnet';

local rows = [
  ['Health', health.health],
  ['Who is broken', health.broken],
  ['Traffic', deliveries.traffic],
  ['Errors', deliveries.errors],
  ['Latency', deliveries.latency],
  ['Backlog', deliveries.backlog],
  ['Security and configuration', portal.security],
  ['Exporter and portals', portal.exporter],
];

// place puts panels one beside the other, and below when there is no room.
local place(at, panel) =
  local wraps = at.x + panel.w > 24;
  local x = if wraps then 0 else at.x;
  local y = if wraps then at.bottom else at.y;
  {
    x: x + panel.w,
    y: y,
    bottom: std.max(at.bottom, y + panel.h),
    panels: at.panels + [panel { gridPos: { x: x, y: y, w: panel.w, h: panel.h } }],
  };
local placeRow(at, row) =
  local title = { type: 'row', title: row[0], collapsed: false, panels: [], w:: 24, h:: 1 };
  std.foldl(place, [title] + row[1], at { x: 0, y: at.bottom });
local panels = std.foldl(placeRow, rows, { x: 0, y: 0, bottom: 0, panels: [] }).panels;

local variable(name, label, description, query, regex='', all='.+') = {
  name: name,
  label: label,
  description: description,
  type: 'query',
  datasource: p.datasource,
  query: query,
  regex: regex,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: all,
  current: { text: 'All', value: '$__all' },
};

// Windows are two steps, as a change is between two values.
local annotation(name, color, expr) = {
  name: name,
  enable: true,
  iconColor: color,
  datasource: p.datasource,
  target: { refId: 'Anno', expr: expr, interval: '1m' },
  titleFormat: name,
  textFormat: '{{name}} (id {{id}}) of {{instance}}',
};
local switchedOff = '(%(enabled)s == 0 and changes(%(enabled)s[2m]) > 0)' % q;
local changed = '(changes(%s[2m]) > 0 unless %s)' % [q.configHash, switchedOff];
local removed = '%(listed)s offset 2m unless on (job, instance, id) %(listed)s and on (job, instance) docspace_up{%(target)s} == 1' % q;

{
  uid: 'docspace-webhooks',
  title: 'DocSpace webhooks',
  description: 'Health of the webhooks of ONLYOFFICE DocSpace portals, by docspace_exporter and its recording rules.',
  tags: ['docspace', 'webhooks'],
  schemaVersion: 39,
  editable: false,
  graphTooltip: 1,
  timezone: 'browser',
  time: { from: 'now-6h', to: 'now' },
  refresh: '1m',
  links: [
    p.runbook(title='Runbooks'),
    p.link('Status page', 'https://docspace-exporter.example.com/status', 'The same in words, by the exporter itself', 'external link'),
  ],
  annotations: { list: [
    annotation('Configuration changed', 'blue', q.named(changed)),
    annotation('Switched off', 'red', q.named('(1 + %s)' % switchedOff)),
    annotation('Removed', 'purple', removed),
  ] },
  templating: { list: [
    {
      name: 'datasource',
      label: 'Data source',
      description: 'A Prometheus that has the recording rules of the exporter',
      type: 'datasource',
      query: 'prometheus',
    },
    variable('job', 'Job', 'Its name starts with docspace', 'label_values(up{job=~"docspace.*"}, job)'),
    variable('instance', 'Instance', 'The portal; with several portals, the exporter itself is one, too', 'label_values(up{job=~"$job", job=~"docspace.*"}, instance)'),
    variable('webhook', 'Webhook', 'Name and id. Choose an instance first: each portal has ids of its own', 'query_result(label_join(max by (id, name) (docspace_webhook_enabled{%s}), "title", " #", "name", "id"))' % q.target, '/id="(?<value>[0-9]+)".*title="(?<text>.*)"\\}/'),
    variable('trigger', 'Trigger', 'The event. It narrows deliveries by webhook and by event, and the events that do not get through', 'label_values(docspace_webhook_deliveries_total{%s}, trigger)' % q.webhook, all='.*'),
  ] },
  panels: std.mapWithIndex(function(i, panel) panel { id: i + 1 }, panels),
}
