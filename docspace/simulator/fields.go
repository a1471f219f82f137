package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// knowsFields tells whether the server heeds the parameter fields, which came with 3.2.1.
func (p *Portal) knowsFields() bool {
	return p.options.Version == V37 || p.options.Version == V31 && !p.options.EarlyLog
}

// fieldNames returns the names in the parameter fields, nil without it.
func fieldNames(query url.Values) []string {
	value := query.Get("fields")
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

// project cuts a response down to the named leaves, each element of it if it is a list. Names of
// nothing are ignored.
func project(response any, names []string) any {
	raw := json.RawMessage(mustJSON(response))
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return projectObject(raw, "", names)
	}
	list := make([]map[string]any, 0, len(elements))
	for _, element := range elements {
		list = append(list, projectObject(element, "", names))
	}
	return list
}

// projectObject keeps the leaves of an object whose names, with the prefix of the objects around
// it, are asked for. Asked for a whole object a server of 3.7 recurses until its process dies; here
// the connection does, whatever the version, since clients have no need to try.
func projectObject(raw json.RawMessage, prefix string, names []string) map[string]any {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		panic(err) // the raw value is of our own making
	}
	kept := map[string]any{}
	for key, value := range object {
		name := prefix + key
		isObject, asked := value[0] == '{', slices.Contains(names, name)
		switch {
		case isObject && asked:
			panic(http.ErrAbortHandler)
		case isObject:
			if inner := projectObject(value, name+".", names); len(inner) > 0 {
				kept[key] = inner
			}
		case asked:
			kept[key] = value
		}
	}
	return kept
}
