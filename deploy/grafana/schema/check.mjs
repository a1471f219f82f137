#!/usr/bin/env node
// Checks dashboards against Grafana's own types, strictly: a key that Grafana does not know is an error.
//
//     check-dashboard FILE...
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const cache = here('schema.json'); // takes seconds to make

function makeSchema() {
  const schema = createGenerator({ path: here('types.d.ts'), type: '*', skipTypeCheck: true }).createSchema('*');
  // The generated type knows only annotations of Grafana itself. Those of a data source have its query, and the keys
  // of its plugin.
  const text = { type: 'string' };
  schema.definitions.AnnotationTarget = { type: 'object', required: ['expr', 'refId'], properties: { expr: text, refId: text } };
  Object.assign(schema.definitions.AnnotationQuery.properties, { titleFormat: text, textFormat: text, tagKeys: text });
  return schema;
}

if (!existsSync(cache)) {
  writeFileSync(cache, JSON.stringify(makeSchema()));
}
const ajv = new Ajv({ strict: false, allErrors: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(cache, 'utf8')), 'schema');
const types = (name) => ajv.getSchema(`schema#/definitions/${name}`);

let bad = false;
function check(where, type, value) {
  const valid = types(type);
  if (!valid) {
    throw new Error(`${where}: no type ${type}`);
  }
  if (!valid(value)) {
    bad = true;
    for (const e of valid.errors) {
      console.error(`${where}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
    }
  }
}

for (const file of process.argv.slice(2)) {
  const dashboard = JSON.parse(readFileSync(file, 'utf8'));
  check(file, 'Dashboard', dashboard);
  for (const panel of dashboard.panels.filter((p) => p.type !== 'row')) {
    const where = `${file}: ${panel.title}`;
    check(`${where}: options`, `${panel.type}Options`, panel.options);
    const { defaults, overrides } = panel.fieldConfig;
    const custom = overrides
      .flatMap((o) => o.properties)
      .filter((p) => p.id.startsWith('custom.'))
      .map((p) => ({ [p.id.slice('custom.'.length)]: p.value }));
    for (const fields of [defaults.custom, ...custom].filter(Boolean)) {
      check(`${where}: custom`, `${panel.type}Custom`, fields);
    }
  }
}
process.exit(bad ? 1 : 0);
