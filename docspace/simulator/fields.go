package simulator

import (
	"iter"
	"net/http"
	"net/url"
	"reflect"
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
	v := reflect.ValueOf(response)
	if v.Kind() != reflect.Slice {
		return leaves(v, "", names)
	}
	list := make([]map[string]any, 0, v.Len())
	for i := range v.Len() {
		list = append(list, leaves(v.Index(i), "", names))
	}
	return list
}

// leaves returns the leaves of an object whose names, with the prefix of the objects around it, are
// asked for. Asked for a whole object a server of 3.7 recurses until its process dies; here the
// connection does, whatever the version, since clients have no need to try.
func leaves(object reflect.Value, prefix string, names []string) map[string]any {
	kept := map[string]any{}
	for key, value := range members(object) {
		name := prefix + key
		isObject, asked := inside(value).Kind() == reflect.Struct, slices.Contains(names, name)
		switch {
		case isObject && asked:
			panic(http.ErrAbortHandler)
		case isObject:
			if inner := leaves(value, name+".", names); len(inner) > 0 {
				kept[key] = inner
			}
		case asked:
			kept[key] = value.Interface()
		}
	}
	return kept
}

// members are the keys and values that an object has in JSON.
func members(object reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		object = inside(object)
		if object.Kind() == reflect.Map {
			for key, value := range object.Seq2() {
				if !yield(key.String(), value) {
					return
				}
			}
			return
		}
		for field, value := range object.Fields() {
			key, option, _ := strings.Cut(field.Tag.Get("json"), ",")
			if omitted := option == "omitempty" && value.IsZero(); !omitted && !yield(key, value) {
				return
			}
		}
	}
}

// inside is what an interface or a pointer holds.
func inside(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v
}
