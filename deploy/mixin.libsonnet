// The alerts and rules of prometheus/rules.yml and the dashboard of grafana/ for those who use mixins:
//
//     (import 'docspace_exporter/deploy/mixin.libsonnet') + { _config+:: { grafanaURL: 'https://grafana.acme.example' } }
{
  _config+:: {
    grafanaURL: 'https://grafana.example.com',
    runbookURL: 'https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks',
    statusURL: 'https://docspace-exporter.example.com/status',
  },

  local placed(text) = std.foldl(
    function(text, url) std.strReplace(text, url[0], url[1]),
    [
      ['https://grafana.example.com', $._config.grafanaURL],
      ['https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks', $._config.runbookURL],
      ['https://docspace-exporter.example.com/status', $._config.statusURL],
    ],
    text
  ),
  local groups = std.parseYaml(placed(importstr 'prometheus/rules.yml')).groups,
  local isAlerts(group) = std.objectHas(group.rules[0], 'alert'),

  prometheusAlerts+:: { groups+: [group for group in groups if isAlerts(group)] },
  prometheusRules+:: { groups+: [group for group in groups if !isAlerts(group)] },
  grafanaDashboards+:: {
    'docspace-webhooks.json': std.parseJson(placed(importstr 'grafana/docspace-webhooks.json')),
  },
}
