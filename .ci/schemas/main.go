// Command schemas makes the JSON schemas by which kubeconform judges manifests, from the OpenAPI document of Kubernetes
// and the definitions of the Prometheus operator:
//
//	schemas SWAGGER_FILE DEFINITIONS_DIRECTORY OUTPUT_DIRECTORY
//
// Fields that are not in them are refused, as an API server does.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// object is a JSON object.
type object = map[string]any

const definitions = "_definitions.json"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: schemas SWAGGER_FILE DEFINITIONS_DIRECTORY OUTPUT_DIRECTORY")
	}
	if err := os.MkdirAll(args[2], 0o750); err != nil {
		return err
	}
	return errors.Join(ofKubernetes(args[0], args[2]), ofDefinitions(args[1], args[2]))
}

// ofKubernetes writes a schema for each kind, and all that they refer to in one file.
func ofKubernetes(path, out string) error {
	var document struct {
		Definitions map[string]object `json:"definitions"`
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	all := object{}
	for name, definition := range document.Definitions {
		all[name] = ofNamed(name, definition)
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		for _, kind := range kinds {
			k, _ := kind.(object)
			file := fileName(k["kind"], k["group"], k["version"])
			if err := write(out, file, object{"$ref": definitions + "#/definitions/" + name}); err != nil {
				return err
			}
		}
	}
	return write(out, definitions, object{"definitions": all})
}

// ofNamed is the schema of a definition; the OpenAPI document says of some no more than that they are strings.
func ofNamed(name string, definition object) any {
	switch {
	case strings.HasSuffix(name, "util.intstr.IntOrString"):
		return object{"type": []string{"string", "integer"}}
	case strings.HasSuffix(name, "api.resource.Quantity"):
		return object{"type": []string{"string", "number"}}
	case strings.Contains(name, "JSONSchemaProps"):
		return object{} // which refers to itself
	default:
		return strict(definition)
	}
}

// ofDefinitions writes a schema for each version of each kind that the files define.
func ofDefinitions(dir, out string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("no definitions in %s: %w", dir, err)
	}
	for _, path := range paths {
		var definition struct {
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct {
						Schema object `yaml:"openAPIV3Schema"`
					}
				}
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(text, &definition); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, version := range definition.Spec.Versions {
			file := fileName(definition.Spec.Names.Kind, definition.Spec.Group, version.Name)
			if err := write(out, file, strict(version.Schema.Schema)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fileName is where kubeconform looks for a kind: {{.ResourceKind}}{{.KindSuffix}}.json.
func fileName(kind, group, version any) string {
	short, _, _ := strings.Cut(fmt.Sprint(group), ".")
	if short != "" {
		short += "-"
	}
	return strings.ToLower(fmt.Sprint(kind)) + "-" + short + fmt.Sprint(version) + ".json"
}

// strict is a schema that says in JSON schema's words what Kubernetes means.
func strict(schema any) any {
	switch s := schema.(type) {
	case []any:
		for i := range s {
			s[i] = strict(s[i])
		}
	case object:
		if either, _ := s["x-kubernetes-int-or-string"].(bool); either {
			return object{"type": []string{"string", "integer"}}
		}
		if reference, ok := s["$ref"].(string); ok {
			return object{"$ref": strings.Replace(reference, "#", definitions+"#", 1)}
		}
		for key, value := range s {
			s[key] = strict(value)
		}
		properties, _ := s["properties"].(object)
		if len(properties) > 0 && s["additionalProperties"] == nil && s["x-kubernetes-preserve-unknown-fields"] == nil {
			s["additionalProperties"] = false
		}
	}
	return schema
}

func write(dir, name string, schema any) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name), text, 0o600)
}
