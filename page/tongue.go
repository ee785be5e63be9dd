package page

import (
	"html/template"
	"sync"
	"time"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// tongue is the page in one language.
type tongue struct {
	words *words.Language
	// template is made when the first visitor wants the language.
	template func() *template.Template
}

// parse reads a template, which can call the functions that the package doc lists, in every language of a set.
func parse(name, source string, set *words.Set) ([]*tongue, error) {
	original, err := template.New(name).Option("missingkey=error").Funcs(functions(set.Languages[0])).Parse(source)
	if err != nil {
		return nil, err
	}
	var all []*tongue
	for _, l := range set.Languages {
		all = append(all, &tongue{l, sync.OnceValue(func() *template.Template {
			return template.Must(original.Clone()).Funcs(functions(l)) // only an executed template has no clones
		})})
	}
	return all, nil
}

// tongue is the page in the language of that name, or in the first one.
func (p *Page) tongue(language string) *tongue {
	for _, t := range p.tongues {
		if t.words.Tag.String() == language {
			return t
		}
	}
	return p.tongues[0]
}

// translate sets the language of a view.
func (t *tongue) translate(v View) View {
	v.Language, v.Direction = t.words.Tag.String(), t.words.Direction()
	return v
}

// functions are what a template can call, in one language.
func functions(l *words.Language) template.FuncMap {
	script := sync.OnceValue(func() template.JS { return scriptIn(l) })
	return template.FuncMap{
		"say":       l.Say,
		"duration":  l.Duration,
		"countdown": func(d time.Duration) template.HTML { return countdown(l, d) },
		"seconds":   words.Seconds,
		"phone":     func(number string) (template.HTML, error) { return phone(l, number) },
		"name":      piece,
		"address":   piece,
		"link":      link,
		"action":    func(u template.URL) template.HTMLAttr { return addressAttribute("action", u) },
		"href":      func(u template.URL) template.HTMLAttr { return addressAttribute("href", u) },
		"style":     func() template.CSS { return template.CSS(style) },
		"script":    script,
	}
}
