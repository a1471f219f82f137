// What a dashboard consists of, by panel.
import type * as bargauge from '@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

export type { Dashboard } from '@grafana/schema/dist/types/raw/dashboard/x/types.gen';

export interface bargaugeOptions extends bargauge.Options {}
export interface statOptions extends stat.Options {}
export interface tableOptions extends Partial<table.Options> {}
export interface tableCustom extends Partial<table.FieldConfig> {}
export interface timeseriesOptions extends timeseries.Options {}
export interface timeseriesCustom extends timeseries.FieldConfig {}
