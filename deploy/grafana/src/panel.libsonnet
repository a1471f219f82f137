// Panels, each with a title, a description and a unit. What panels of a kind have in common is said here once.
{
  local books = 'https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks/',
  datasource:: { type: 'prometheus', uid: '${datasource}' },

  link(title, url, tooltip='', icon='doc'):: {
    title: title,
    url: url,
    type: 'link',
    icon: icon,
    tooltip: tooltip,
    targetBlank: true,
    asDropdown: false,
    includeVars: false,
    keepTime: false,
    tags: [],
  },
  runbook(page='README.md', title='Runbook'):: $.link(title, books + page, 'What it means, and what to do'),
  // A link of a cell.
  cellBook(page, title='Runbook'):: { title: title, url: books + page, targetBlank: true },

  steps(colors):: { mode: 'absolute', steps: [{ value: c[0], color: c[1] } for c in colors] },
  // From its limit on, a value has a color; below it is green, or not colored.
  red(limit, below='green'):: $.steps([[null, below], [limit, 'red']]),
  orange(limit, below='green'):: $.steps([[null, below], [limit, 'orange']]),
  words(results):: {
    type: 'value',
    options: { [value]: results[value] { index: 0 } for value in std.objectFields(results) },
  },
  zero(text):: $.words({ '0': { text: text } }),
  missing(text):: { type: 'special', options: { match: 'null+nan', result: { text: text, color: 'text', index: 1 } } },

  // A minute at least, as the shipped configurations scrape once in a minute: else $__rate_interval can be too short.
  over(expr, legend):: { expr: expr, legendFormat: legend, interval: '1m' },
  now(expr, legend='__auto'):: { expr: expr, legendFormat: legend, instant: true, range: false },
  rows(expr):: { expr: expr, format: 'table', instant: true, range: false },
  webhook:: '{{instance}} {{name}} ({{id}})',

  local last = { calcs: ['lastNotNull'], fields: '', values: false },
  local panel(type, title, description, unit, targets) = {
    type: type,
    title: title,
    description: description,
    datasource: $.datasource,
    targets: std.mapWithIndex(
      function(i, target) target { refId: std.char(std.codepoint('A') + i), datasource: $.datasource }, targets
    ),
    fieldConfig: { defaults: { unit: unit }, overrides: [] },
    w:: 8,
    h:: 8,
  },

  stat(title, description, unit, expr, thresholds, mappings=[])::
    panel('stat', title, description, unit, [$.now(expr)]) {
      w:: 3,
      h:: 4,
      fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, thresholds: thresholds, mappings: mappings } },
      options: {
        colorMode: 'background',
        graphMode: 'none',
        justifyMode: 'center',
        orientation: 'auto',
        textMode: 'value',
        wideLayout: true,
        showPercentChange: false,
        percentChangeColorMode: 'standard',
        reduceOptions: last,
      },
    },

  graph(title, description, unit, targets)::
    panel('timeseries', title, description, unit, targets) {
      fieldConfig+: { defaults+: {
        color: { mode: 'palette-classic' },
        min: 0,
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: 0,
          showPoints: 'auto',
          pointSize: 4,
          spanNulls: false,
          stacking: { mode: 'none', group: 'A' },
        },
      } },
      options: {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },

  bars(title, description, unit, target)::
    panel('bargauge', title, description, unit, [target]) {
      fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, min: 0 } },
      options: {
        displayMode: 'basic',
        orientation: 'horizontal',
        showUnfilled: true,
        minVizHeight: 16,
        minVizWidth: 8,
        maxVizHeight: 32,
        namePlacement: 'auto',
        sizing: 'auto',
        valueMode: 'color',
        text: { titleSize: 14, valueSize: 16 },
        legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
        reduceOptions: last,
      },
    },

  // Columns are [field, title] in their order; other fields are hidden. With several targets, the value of target A is
  // the field "Value #A".
  table(title, description, targets, columns, hidden, sort)::
    panel('table', title, description, 'none', targets) {
      w:: 24,
      fieldConfig+: { defaults+: {
        color: { mode: 'thresholds' },
        thresholds: $.steps([[null, 'text']]),
        custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false, minWidth: 60 },
      } },
      options: { showHeader: true, cellHeight: 'sm' },
      transformations: (if std.length(targets) > 1 then [{ id: 'merge', options: {} }] else []) + [
        { id: 'organize', options: {
          excludeByName: { [name]: true for name in ['Time', 'job'] + hidden },
          indexByName: { [columns[i][0]]: i for i in std.range(0, std.length(columns) - 1) },
          renameByName: { [c[0]]: c[1] for c in columns },
        } },
        { id: 'sortBy', options: { fields: {}, sort: [{ field: sort, desc: true }] } },
      ],
    },

  // What is special about one column or line.
  of(name, properties):: {
    matcher: { id: 'byName', options: name },
    properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
  },
  fixed(name, color):: $.of(name, { color: { mode: 'fixed', fixedColor: color } }),
  background:: { 'custom.cellOptions': { type: 'color-background', mode: 'basic' } },
  colored:: { 'custom.cellOptions': { type: 'color-text' } },
  width(pixels):: { 'custom.width': pixels },
  sinceNow(zero):: { unit: 'dateTimeFromNow', mappings: [$.zero(zero)], 'custom.width': 145 },

  // Changes to a panel.
  size(w, h):: { w:: w, h:: h },
  books(links):: { links: links },
  overrides(list):: { fieldConfig+: { overrides: list } },
  empty(text):: { fieldConfig+: { defaults+: { noValue: text } } },
  decimals(n):: { fieldConfig+: { defaults+: { decimals: n } } },
  whole:: $.decimals(0),
  range(min, max=null):: { fieldConfig+: { defaults+: { min: min } + (if max == null then {} else { max: max }) } },
  stacked:: { fieldConfig+: { defaults+: { custom+: { fillOpacity: 30, stacking: { mode: 'normal', group: 'A' } } } } },
  columns:: { fieldConfig+: { defaults+: { custom+: { drawStyle: 'bars', fillOpacity: 60 } } } },
  limit(value, color='red'):: { fieldConfig+: { defaults+: {
    thresholds: $.steps([[null, 'transparent'], [value, color]]),
    custom+: { thresholdsStyle: { mode: 'dashed' } },
  } } },
  colors(thresholds):: { fieldConfig+: { defaults+: { thresholds: thresholds } } },
}
