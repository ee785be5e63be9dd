package app

import (
	"reflect"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// sample is a value of an option's type; n tells samples apart.
func sample(t *testing.T, of reflect.Type, n int) reflect.Value {
	t.Helper()
	switch zero := reflect.Zero(of).Interface().(type) {
	case int:
		return reflect.ValueOf(n)
	case string:
		return reflect.ValueOf(string(rune('a' + n)))
	case *caddy.Duration:
		d := caddy.Duration(n)
		return reflect.ValueOf(&d)
	case []string:
		return reflect.ValueOf([]string{string(rune('a' + n))})
	case Messages:
		return reflect.ValueOf(Messages{"": string(rune('a' + n))})
	case []TestNumber:
		return reflect.ValueOf([]TestNumber{{Code: string(rune('a' + n))}})
	default:
		t.Fatalf("this test has no sample of the type %T", zero)
		return reflect.Value{}
	}
}

// Every option of a site wins over the global one, and every option that a site leaves open is the global one.
func TestOptionsAreMerged(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[Options]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			var site, global Options
			reflect.ValueOf(&global).Elem().Field(i).Set(sample(t, field.Type, 1))
			if got, want := site.Or(global), global; !reflect.DeepEqual(got, want) {
				t.Errorf("the global option is lost: %+v", got)
			}
			reflect.ValueOf(&site).Elem().Field(i).Set(sample(t, field.Type, 2))
			if got, want := site.Or(global), site; !reflect.DeepEqual(got, want) {
				t.Errorf("the option of the site does not win: %+v", got)
			}
		})
	}
}

// The defaults are within the bounds, and no option of theirs is overridden by another default elsewhere.
func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	chosen, err := Defaults().Policy()
	if err != nil {
		t.Fatal(err)
	}
	if none, err := (Options{}).Policy(); err != nil || !reflect.DeepEqual(none, chosen) {
		t.Errorf("policy without options %+v, with the defaults %+v (%v)", none, chosen, err)
	}
}
