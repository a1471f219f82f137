// The alerts and rules of prometheus/rules.yml for those who use mixins:
//
//     (import 'docspace_exporter/deploy/mixin.libsonnet') + { _config+:: { grafanaURL: 'https://grafana.acme.example' } }
{
  _config+:: {
    grafanaURL: 'https://grafana.example.com',
    runbookURL: 'https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks',
  },

  local rules = importstr 'prometheus/rules.yml',
  local placed = std.foldl(
    function(text, url) std.strReplace(text, url[0], url[1]),
    [
      ['https://grafana.example.com', $._config.grafanaURL],
      ['https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks', $._config.runbookURL],
    ],
    rules
  ),
  local groups = std.parseYaml(placed).groups,
  local isAlerts(group) = std.objectHas(group.rules[0], 'alert'),

  prometheusAlerts+:: { groups+: [group for group in groups if isAlerts(group)] },
  prometheusRules+:: { groups+: [group for group in groups if !isAlerts(group)] },
}
